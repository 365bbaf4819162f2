// SPDX-License-Identifier: Apache-2.0
// What a client written for Handle.net's HTTP interface changes, as read_test.mjs. For another server:
//   HTTP_URL=http://192.0.2.1:8000 HTTP_PREFIX=20.500.99999 HTTP_USER=301:0.NA/20.500.99999 HTTP_SECRET=... node write_test.mjs
import {PREFIX, serverStart} from './node.mjs';
import {assert, run, test} from './tap.mjs';

process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; // The node signs its certificate itself.
process.removeAllListeners('warning');

const server = await serverStart();
const handles = `${server.tls}/api/handles`;
const basic = (user, secret) => 'Basic ' + Buffer.from(encodeURIComponent(user) + ':' + secret).toString('base64');
const admin = basic(server.user, server.secret);
const JSON_TYPE = 'application/json';
const one = (index, data = 'https://example.org/') => ({index, type: 'URL', data: {format: 'string', value: data}});
const [ownerIndex, owner] = [server.user.slice(0, server.user.indexOf(':')), server.user.slice(server.user.indexOf(':') + 1)];
// Whoever makes a record must be named in it to change it later.
const record = (...values) => [...values, {index: 100, type: 'HS_ADMIN', data: {format: 'admin', value:
	{handle: owner, index: Number(ownerIndex), permissions: '111111111111'}}}];
const name = (suffix) => `${PREFIX}/${suffix}-${process.pid}`;

async function ask(method, path, body, {by = admin, type = JSON_TYPE, base = handles, headers = {}} = {}) {
	const answer = await fetch(`${base}/${path}`, {
		method,
		body: typeof body === 'object' && body !== null ? JSON.stringify(body) : body,
		headers: {...(by ? {Authorization: by} : {}), ...(body === undefined ? {} : {'Content-Type': type}), ...headers},
	});
	const text = await answer.text();

	return {status: answer.status, headers: answer.headers, text, json: text.startsWith('{') ? JSON.parse(text) : null};
}

async function expects(answer, status, code, handle) {
	const {status: got, json, text} = await answer;

	assert.equal(got, status, text);
	assert.equal(json.responseCode, code, text);
	if (handle !== undefined) {
		assert.equal(json.handle, handle);
	}
	return json;
}

async function values(handle) {
	return (await ask('GET', handle)).json.values.filter(({type}) => type === 'URL');
}

test('a new record is 201, and the same again 200', async () => {
	const handle = name('new');

	await expects(ask('PUT', `${handle}?overwrite=false`, record(one(1))), 201, 1, handle);
	await expects(ask('PUT', `${handle}?overwrite=false`, [one(1)]), 409, 101, handle);
	await expects(ask('PUT', handle, record(one(1, 'https://example.net/'))), 200, 1, handle);
	assert.deepEqual((await values(handle)).map(({index, data}) => [index, data.value]),
		[[1, 'https://example.net/']]);
});
test('overwrite without a value is false', async () => {
	const handle = name('bare');

	await expects(ask('PUT', handle, [one(1)]), 201, 1);
	await expects(ask('PUT', `${handle}?overwrite`, [one(1)]), 409, 101);
});
test('the body may be an array, an object with values, or one value', async () => {
	await expects(ask('PUT', name('array'), [one(1), one(2)]), 201, 1);
	await expects(ask('PUT', name('object'), {values: [one(1)]}), 201, 1);
	await expects(ask('PUT', name('named'), {handle: name('NAMED'), values: [one(1)]}), 201, 1);
	await expects(ask('PUT', name('single'), one(7)), 201, 1);
	assert.equal((await values(name('single')))[0].index, 7);
});
test('values are added and replaced by their index', async () => {
	const handle = name('values');

	await expects(ask('PUT', handle, record(one(1))), 201, 1);
	await expects(ask('PUT', `${handle}?index=2`, one(2)), 201, 1, handle);
	await expects(ask('PUT', `${handle}?index=2`, one(2, 'x')), 200, 1, handle);
	await expects(ask('PUT', `${handle}?index=various`, [one(2, 'y'), one(3)]), 200, 1);
	const conflict = await expects(ask('PUT', `${handle}?index=various&overwrite=false`, [one(2)]), 409, 201, handle);

	assert.equal(conflict.message, 'Index conflict for 2');
	assert.deepEqual((await values(handle)).map(({index, data}) => [index, data.value]),
		[[1, 'https://example.org/'], [2, 'y'], [3, 'https://example.org/']]);
});
test('indexes that are not those of the body are refused', async () => {
	const handle = name('mismatch');

	await expects(ask('PUT', handle, [one(1)]), 201, 1);
	await expects(ask('PUT', `${handle}?index=5`, one(4)), 400, 4);
	await expects(ask('PUT', `${handle}?index=4&index=5`, one(4)), 400, 4);
	await expects(ask('PUT', `${handle}?index=4`, [one(4), one(5)]), 400, 4);
	assert.equal((await values(handle)).length, 1);
});
test('a suffix is minted', async () => {
	const minted = await expects(ask('PUT', `${PREFIX}/?mintNewSuffix=true`, [one(1)]), 201, 1);

	assert.match(minted.handle, /^[^/]+\/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
	assert.equal((await values(minted.handle)).length, 1);
});
test('values and records are deleted', async () => {
	const handle = name('delete');

	await expects(ask('PUT', handle, record(one(1), one(2), one(3))), 201, 1);
	await expects(ask('DELETE', `${handle}?index=9`), 400, 200, handle);
	await expects(ask('DELETE', `${handle}?index=1&index=3`), 200, 1, handle);
	assert.deepEqual((await values(handle)).map(({index}) => index), [2]);
	await expects(ask('DELETE', handle), 200, 1, handle);
	await expects(ask('DELETE', handle), 404, 100, handle);
});
test('what is no record is refused, and nothing of it is written', async () => {
	const handle = name('bad');
	const deep = '['.repeat(40) + ']'.repeat(40);

	for (const body of ['', '{', '[]]', '"x"', '7', '[{}]', '[{"index":1}]', '{"values":{}}', '[null]', deep,
		'[{"index":1,"index":1,"type":"URL","data":"x"}]', '[{"index":1e400,"type":"URL","data":"x"}]',
		'[{"index":-1,"type":"URL","data":"x"}]', '[{"index":1,"type":"URL","data":"\\ud800"}]',
		'{"values":[],"values":[]}', '[{"index":1,"type":"URL","data":{"format":"no","value":""}}]',
		JSON.stringify({handle: `${PREFIX}/other`, values: [one(1)]})]) {
		const answer = await ask('PUT', handle, body);

		assert.equal(answer.status, 400, body);
		assert.equal(answer.json.responseCode, 4, body);
		assert.ok(answer.json.message.startsWith('The body: '), answer.text);
	}
	await expects(ask('GET', handle), 404, 100);
});
test('a message names the member at fault', async () => {
	const {json} = await ask('PUT', name('member'), [{...one(1), ttl: -5}]);

	assert.match(json.message, /ttl/);
});
test('another type of content is refused', async () => {
	await expects(ask('PUT', name('type'), JSON.stringify([one(1)]), {type: 'text/plain'}), 400, 4);
	await expects(ask('PUT', name('type'), JSON.stringify([one(1)]), {type: 'application/json; charset=utf-8'}), 201, 1);
});
test('who is not known may not change anything, and is asked', async () => {
	const answer = await ask('PUT', name('nobody'), [one(1)], {by: null});

	await expects(answer, 401, 402, name('nobody'));
	assert.match(answer.headers.get('www-authenticate'), /Basic realm="handle"/);
	const script = await ask('PUT', name('nobody'), [one(1)], {by: null, headers: {'X-Requested-With': 'XMLHttpRequest'}});

	assert.doesNotMatch(script.headers.get('www-authenticate') ?? '', /Basic/);
	await expects(ask('GET', name('nobody')), 404, 100);
});
test('a foreign prefix is refused whoever asks', () =>
	expects(ask('PUT', '99.9/x', [one(1)]), 400, 301, '99.9/x'));
test('without TLS a secret counts for nothing', async () => {
	const answer = await ask('PUT', name('plain'), [one(1)], {base: `${server.url}/api/handles`});

	await expects(answer, 403, 402);
	assert.equal(answer.headers.get('www-authenticate'), null);
});
test('somebody known reads what not everybody may', async () => {
	const answer = await ask('GET', `${PREFIX}/PRIVATE`);

	await expects(answer, 200, 1);
	assert.equal(answer.headers.get('cache-control'), 'no-store');
	await expects(ask('GET', `${PREFIX}/PRIVATE`, undefined, {by: null}), 200, 200);
	await expects(ask('GET', `${PREFIX}/PRIVATE?publicOnly=true`), 200, 200);
	await expects(ask('GET', `${PREFIX}/PRIVATE?publicOnly=false`, undefined, {by: null}), 401, 402);
});
test('handles of a prefix are listed by pages', async () => {
	const list = async (query) => (await ask('GET', `?prefix=${PREFIX}${query}`)).json;

	for (const suffix of ['list-a', 'list-b']) {
		await expects(ask('PUT', name(suffix), [one(1)]), 201, 1);
	}
	const all = await list('');

	assert.deepEqual(Object.keys(all), ['responseCode', 'prefix', 'totalCount', 'handles']);
	assert.equal(all.prefix, PREFIX);
	assert.equal(typeof all.totalCount, 'string');
	assert.equal(Number(all.totalCount), all.handles.length);
	assert.ok(all.handles.map((handle) => handle.toUpperCase()).includes(name('list-b').toUpperCase()));
	const second = await list('&page=1&pageSize=2');

	assert.deepEqual(Object.keys(second), ['responseCode', 'prefix', 'totalCount', 'page', 'pageSize', 'handles']);
	assert.deepEqual(second.handles, all.handles.slice(2, 4));
	assert.deepEqual((await list('&page=0&pageSize=0')).handles, []);
	assert.deepEqual((await list('&page=99999&pageSize=2')).handles, []);
	await expects(ask('GET', `?prefix=${PREFIX}&page=x`), 400, 4);
	await expects(ask('GET', `?prefix=${PREFIX}`, undefined, {by: null}), 401, 402);
	await expects(ask('GET', '?prefix=99.9'), 400, 301);
	await expects(ask('GET', ''), 400, 102);
});
test('a list longer than a part arrives whole and in order', async () => {
	const count = 120;
	const before = Number((await ask('GET', `?prefix=${PREFIX}&page=0&pageSize=0`)).json.totalCount);

	await Promise.all(Array.from({length: count}, (_, i) =>
		expects(ask('PUT', name(`many-${String(i).padStart(3, '0')}`), [one(1)]), 201, 1)));
	const {handles, totalCount} = (await ask('GET', `?prefix=${PREFIX}`)).json;

	assert.equal(Number(totalCount), before + count);
	assert.equal(new Set(handles).size, before + count);
});
test('homed prefixes are listed, homed and unhomed', async () => {
	const prefixes = `${server.tls}/api/prefixes`;
	const list = async () => (await ask('GET', '', undefined, {base: prefixes})).json;
	const {responseCode, prefixes: homed} = await list();

	assert.equal(responseCode, 1);
	assert.ok(homed.map((prefix) => prefix.toUpperCase()).includes(`0.NA/${PREFIX}`));
	const one = await ask('GET', `0.NA/${PREFIX}`, undefined, {base: prefixes});

	assert.equal(one.status, 405);
	assert.match(one.headers.get('allow'), /POST/);
	await expects(ask('POST', '0.NA/77.7', undefined, {base: prefixes, by: null}), 401, 402);
	await expects(ask('POST', '0.NA/77.7', undefined, {base: prefixes}), 200, 1, '0.NA/77.7');
	assert.ok((await list()).prefixes.includes('0.NA/77.7'));
	await expects(ask('DELETE', '0.NA/77.7', undefined, {base: prefixes}), 200, 1, '0.NA/77.7');
	assert.ok(!(await list()).prefixes.includes('0.NA/77.7'));
});
test('a proof that is no proof is 401 with nothing in it', async () => {
	for (const by of ['Basic', 'Basic !!!', 'Basic ' + Buffer.from('nocolon').toString('base64'), 'Bearer x',
		basic('301:', 'x'), basic(server.user, ''), basic(server.user, 'wrong'), basic(`300:0.NA/${PREFIX}`, server.secret)]) {
		const answer = await ask('PUT', name('wrong'), [one(1)], {by});

		assert.equal(answer.status, 401, by);
		assert.equal(answer.text, '');
	}
});
test('guessing is slowed down, right answers are not', async () => {
	const seen = new Set();

	for (let i = 0; i < 12; i++) {
		seen.add((await ask('GET', `${PREFIX}/DEMO`, undefined, {by: basic(server.user, `guess ${i}`)})).status);
	}
	assert.ok(seen.has(503), [...seen].join());
	await expects(ask('GET', `${PREFIX}/PRIVATE`), 200, 1);
});

const code = await run();
await server.stop();
process.exit(code);
