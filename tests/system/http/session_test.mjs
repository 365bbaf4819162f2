// SPDX-License-Identifier: Apache-2.0
// Who asks, as clients of Handle.net's HTTP interface say it. For another server, as write_test.mjs.
import {createHash, createHmac, pbkdf2Sync, randomBytes} from 'node:crypto';
import {PREFIX, serverStart} from './node.mjs';
import {assert, run, test} from './tap.mjs';

process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; // The node signs its certificate itself.
process.removeAllListeners('warning');

const server = await serverStart();
const api = `${server.tls}/api`;
const basic = (user, secret) => 'Basic ' + Buffer.from(encodeURIComponent(user) + ':' + secret).toString('base64');
const admin = basic(server.user, server.secret);
const secret = Buffer.from(server.secret);
const PRIVATE = `${PREFIX}/PRIVATE`;

async function ask(method, path, {base = api, by, body, type = 'application/json', headers = {}} = {}) {
	const answer = await fetch(`${base}/${path}`, {method,
		body: typeof body === 'object' ? JSON.stringify(body) : body,
		headers: {...(by ? {Authorization: by} : {}), ...(body === undefined ? {} : {'Content-Type': type}), ...headers}});
	const text = await answer.text();

	return {status: answer.status, headers: answer.headers, text, json: text.startsWith('{') ? JSON.parse(text) : null};
}

function handle(items) {
	return 'Handle ' + Object.entries(items).map(([name, value]) => `${name}="${value}"`).join(', ');
}

// The answer to a nonce by the secret key.
function proof({nonce, sessionId}, algorithm = 'HMAC-SHA256', key = secret, id = server.user) {
	const cnonce = randomBytes(16);
	const text = Buffer.concat([Buffer.from(nonce, 'base64'), cnonce]);
	const more = {};
	let mac;

	if (algorithm === 'HMAC-SHA256') {
		mac = createHmac('sha256', key).update(text).digest();
	} else if (algorithm === 'PBKDF2WithHmacSHA1') {
		more.salt = randomBytes(16);
		mac = createHmac('sha1', pbkdf2Sync(key, more.salt, 10000, 20, 'sha1')).update(text).digest();
		Object.assign(more, {salt: more.salt.toString('base64'), iterations: 10000, length: 160});
	} else {
		mac = createHash(algorithm.replace('-', '').toLowerCase()).update(key).update(text).update(key).digest();
	}
	return {sessionId, id: encodeURIComponent(id), type: 'HS_SECKEY', cnonce: cnonce.toString('base64'), alg: algorithm,
		signature: mac.toString('base64'), ...more};
}

const begin = async (options) => (await ask('POST', 'sessions', options)).json;
const read = (by) => ask('GET', `handles/${PRIVATE}?publicOnly=false`, {by});

test('a session begins with a nonce', async () => {
	const answer = await ask('POST', 'sessions');

	assert.equal(answer.status, 201);
	assert.ok(answer.headers.get('location').endsWith('/api/sessions/this'));
	assert.equal(Buffer.from(answer.json.nonce, 'base64').length, 16);
	assert.deepEqual(Object.keys(answer.json), ['sessionId', 'nonce']);
	assert.equal(answer.headers.get('set-cookie'), null);
});
test('the server signs both nonces', async () => {
	for (const body of [{cnonce: randomBytes(16).toString('base64')}]) {
		const json = await begin({body});

		assert.ok(Buffer.from(json.serverSignature, 'base64').length >= 64);
		assert.ok(json.serverAlg.length > 0);
	}
});
test('Basic proves an identity for the session', async () => {
	const {sessionId, authenticated, id} = await begin({by: admin});

	assert.equal(authenticated, true);
	assert.equal(id, server.user);
	assert.equal((await read(handle({sessionId}))).json.values.length, 2);
});
test('a wrong password is 401 without a body', async () => {
	const answer = await ask('POST', 'sessions', {by: basic(server.user, 'wrong')});

	assert.equal(answer.status, 401);
	assert.equal(answer.text, '');
});
test('a nonce is answered by the secret key, in every way', async () => {
	for (const algorithm of ['HMAC-SHA256', 'SHA256', 'PBKDF2WithHmacSHA1']) {
		const session = await begin();
		const answer = await ask('PUT', 'sessions/this', {body: proof(session, algorithm)});

		assert.equal(answer.status, 200, algorithm + answer.text);
		assert.equal(answer.json.authenticated, true);
		assert.equal(answer.json.id, server.user);
		assert.equal((await read(handle({sessionId: session.sessionId}))).status, 200);
	}
});
test('a wrong answer is 401 with an error, and the session stays nobody\'s', async () => {
	const session = await begin();
	const answer = await ask('PUT', 'sessions/this', {body: proof(session, 'HMAC-SHA256', Buffer.from('wrong'))});

	assert.equal(answer.status, 401);
	assert.equal(answer.json.authenticated, false);
	assert.ok(answer.json.error.length > 0);
	assert.equal((await read(handle({sessionId: session.sessionId}))).status, 401);
});
test('the answer to another session\'s nonce proves nothing', async () => {
	const [one, other] = [await begin(), await begin()];

	assert.equal((await ask('PUT', 'sessions/this', {body: {...proof(one), sessionId: other.sessionId}})).status, 401);
});
test('a refusal brings the nonce, and the header answers it', async () => {
	const refused = await read();
	const challenge = /Handle sessionId="([^"]+)", nonce="([^"]+)"/.exec(refused.headers.get('www-authenticate'));

	assert.equal(refused.status, 401);
	assert.equal(refused.json.responseCode, 402);
	assert.match(refused.headers.get('www-authenticate'), /Basic realm="handle"/);
	const session = {sessionId: challenge[1], nonce: challenge[2]};

	assert.equal((await read(handle(proof(session)))).status, 200);
	assert.equal((await read(handle({sessionId: session.sessionId}))).status, 200);
});
test('a script is not asked for a password, nor who tried something else', async () => {
	const by = async (headers, auth) => (await ask('GET', `handles/${PRIVATE}?publicOnly=false`, {headers, by: auth}))
		.headers.get('www-authenticate');

	assert.doesNotMatch(await by({'X-Requested-With': 'XMLHttpRequest'}), /Basic/);
	assert.doesNotMatch(await by({}, handle({sessionId: (await begin()).sessionId})), /Basic/);
});
test('an unknown session is a failure', async () => {
	const by = handle({sessionId: '0'.repeat(36)});

	assert.equal((await read(by)).status, 401);
	assert.match((await read(by)).headers.get('www-authenticate'), /error="/);
	assert.equal((await ask('GET', 'sessions/this', {by})).status, 403);
	assert.equal((await ask('GET', 'sessions/this', {by})).text, '');
});
test('a session tells what it is, and ends', async () => {
	assert.equal((await ask('GET', 'sessions/this')).text, '{"authenticated":false}');
	const {sessionId, nonce} = await begin({by: admin});
	const by = handle({sessionId});
	const {json} = await ask('GET', 'sessions/this', {by});

	assert.deepEqual(json, {sessionId, nonce, authenticated: true, id: server.user});
	assert.equal((await ask('DELETE', 'sessions/this', {by})).status, 204);
	assert.equal((await ask('GET', 'sessions/this', {by})).status, 403);
	assert.equal((await read(by)).status, 401);
});
test('sessions cannot be listed', async () => {
	const answer = await ask('GET', 'sessions');

	assert.equal(answer.status, 405);
	assert.match(answer.headers.get('allow'), /POST/);
});
test('on plain HTTP there are none', async () => {
	for (const [method, path] of [['POST', 'sessions'], ['GET', 'sessions/this'], ['PUT', 'sessions/this'],
		['DELETE', 'sessions/this']]) {
		const answer = await ask(method, path, {base: `${server.url}/api`});

		assert.equal(answer.status, 403);
		assert.equal(answer.text, '');
	}
});
test('who is known by a session may change records', async () => {
	const {sessionId} = await begin({by: admin});
	const answer = await ask('PUT', `handles/${PREFIX}/S-${process.pid}`, {by: handle({sessionId}),
		body: [{index: 1, type: 'URL', data: 'https://example.org/'}]});

	assert.equal(answer.status, 201, answer.text);
	const list = await ask('GET', `handles?prefix=${PREFIX}&pageSize=0&page=0`, {by: handle({sessionId})});

	assert.equal(list.status, 200, list.text);
});
test('an answer to a nonce can be verified', async () => {
	const nonce = randomBytes(16).toString('base64');
	const {cnonce, alg, signature} = proof({nonce});
	const right = {nonce, cnonce, alg, signature};
	const path = `verifications/${encodeURIComponent(server.user)}`;
	const query = (items) => new URLSearchParams(items).toString().replaceAll('+', '%20');

	assert.deepEqual((await ask('GET', `${path}?${query(right)}`)).json,
		{responseCode: 1, isValid: true, handle: server.user.slice(server.user.indexOf(':') + 1)});
	assert.equal((await ask('POST', path, {body: right})).json.isValid, true);
	assert.equal((await ask('POST', path, {body: query(right), type: 'application/x-www-form-urlencoded'})).json.isValid, true);
	const [index, name] = [server.user.slice(0, server.user.indexOf(':')), server.user.slice(server.user.indexOf(':') + 1)];

	assert.equal((await ask('GET', `verifications/${encodeURIComponent(name)}?${query({...right, index})}`)).json.isValid, true);
	assert.equal((await ask('GET', `${path}?${query({...right, index})}`)).status, 400);
	assert.equal((await ask('GET', `${path}?${query({...right, cnonce: randomBytes(16).toString('base64')})}`)).json.isValid, false);
	for (const missing of ['nonce', 'cnonce', 'alg', 'signature']) {
		const answer = await ask('GET', `${path}?${query({...right, [missing]: ''})}`);

		assert.equal(answer.status, 400);
		assert.equal(answer.json.responseCode, 4);
		assert.match(answer.json.message, new RegExp(`"${missing}"`));
	}
});
test('parameters may stand in a form or in a JSON object', async () => {
	const path = `handles/${PREFIX}/DEMO`;
	const indexes = ({json}) => json.values.map(({index}) => index);

	assert.deepEqual(indexes(await ask('POST', path, {body: {index: [1, '2'], pretty: true}})), [1, 2]);
	assert.deepEqual(indexes(await ask('POST', `${path}?index=1`, {body: {type: 'EMAIL'}})), [1, 2]);
	assert.deepEqual(indexes(await ask('POST', path, {body: 'index=1&type=EMAIL', type: 'application/x-www-form-urlencoded'})), [1, 2]);
	assert.deepEqual(indexes(await ask('POST', path, {body: 'type=U%52L&x=a+b', type: 'application/x-www-form-urlencoded;charset=utf-8'})), [1]);
});
test('bodies that hold no parameters are refused by name', async () => {
	const path = `handles/${PREFIX}/DEMO`;
	const many = Object.fromEntries(Array.from({length: 300}, (_, i) => [`p${i}`, i]));

	for (const [body, words, type] of [['[1]', 'JSON object'], ['{"index":{"a":1}}', 'index'], ['{"a":1,"a":2}', 'twice'],
		['{"index":1', 'JSON'], [JSON.stringify(many), '256'], [JSON.stringify({index: Array(300).fill(1)}), '256'],
		['['.repeat(100000), 'JSON object'], ['{"a":'.repeat(40) + '1' + '}'.repeat(40), '"a"'],
		[Array(300).fill('a=b').join('&'), '256', 'application/x-www-form-urlencoded'],
		['a=%zz', '%', 'application/x-www-form-urlencoded']]) {
		const {status, json} = await ask('POST', path, {body, type});

		assert.equal(status, 400, body.slice(0, 40));
		assert.equal(json.responseCode, 4);
		assert.ok(json.message.includes(words), `${json.message}: ${words}`);
	}
});

const code = await run();
await server.stop();
process.exit(code);
