// SPDX-License-Identifier: Apache-2.0
// Tokens: who shows one has the rights of an identity, as far as the scope of the token goes.
import {execFileSync, spawnSync} from 'node:child_process';
import {readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {PREFIX} from './node.mjs';
import {ask, done, name, one, record, refused, server} from './v1_client.mjs';
import {assert, run, test} from './tap.mjs';

const houji = (...words) => execFileSync(process.env.HOUJI, words, {encoding: 'utf8', env: {...process.env, LC_ALL: 'C.UTF-8'}});
const create = (called, ...words) =>
	houji('token', 'create', '--user', server.user, ...words, server.directory, called).trim();
const by = (token) => ({by: `Bearer ${token}`});
const settled = () => new Promise((resolve) => setTimeout(resolve, 2500));
const file = join(server.directory, 'tokens.ndjson');
const all = create('all');
const reader = create('reader', '--scope', 'read');
const writer = create('writer', '--scope', 'write');
const elsewhere = create('elsewhere', '--prefix', '88.8', '--prefix', '0.NA/88.9');
const here = create('here', '--prefix', PREFIX.toLowerCase());
const brief = create('brief', '--for', '2s');
const briefly = Date.now();
const stranger = houji('token', 'create', '--user', `300:${PREFIX}/SOMEBODY`, server.directory, 'stranger').trim();

await settled();

test('a token has the rights of its identity', async () => {
	const handle = name('all');

	await done(ask('PUT', `handles/${handle}`, record({...one(1), permissions: '1100'}), by(all)), 201);
	assert.equal((await done(ask('GET', `handles/${handle}`, undefined, by(all)), 200)).json.values.length, 2);
	assert.equal((await done(ask('GET', `handles/${handle}/history`, undefined, by(all)), 200)).json.entries[0].actor,
		`${server.user} token all`);
	await refused(ask('PUT', `handles/${name('stranger')}`, record(one(1)), by(stranger)), 403, 400);
	const api = await fetch(`${server.tls}/api/handles/${handle}?publicOnly=false`, {headers: {Authorization: `bearer ${all}`}});

	assert.equal((await api.json()).values.length, 2);
});
test('who may only read changes nothing, and who may only write reads nothing more', async () => {
	const handle = name('scopes');

	await refused(ask('PUT', `handles/${handle}`, record(one(1)), by(reader)), 403, 401);
	await refused(ask('DELETE', `handles/${handle}`, undefined, by(reader)), 403, 401);
	await done(ask('PUT', `handles/${handle}`, record(one(1)), by(writer)), 201);
	await done(ask('GET', `handles/${handle}/history`, undefined, by(reader)), 200);
	await refused(ask('GET', `handles/${handle}/history`, undefined, by(writer)), 403, 401);
	await refused(ask('GET', `changes?prefix=${PREFIX}`, undefined, by(writer)), 403, 401);
	await done(ask('GET', `changes?prefix=${PREFIX}`, undefined, by(reader)), 200);
});
test('a token reaches as far as its prefixes', async () => {
	await refused(ask('PUT', `handles/${name('far')}`, record(one(1)), by(elsewhere)), 403, 401);
	await done(ask('PUT', `handles/${name('near')}`, record(one(1)), by(here)), 201);
	await done(ask('GET', `changes?prefix=${PREFIX}`, undefined, by(here)), 200);
	await refused(ask('GET', 'changes', undefined, by(here)), 403, 401);
	await done(ask('GET', 'changes', undefined, by(all)), 200);
	await refused(ask('GET', `changes?prefix=${PREFIX}`, undefined, by(elsewhere)), 403, 401);
});
test('each line of many is held to the scope', async () => {
	const body = [{handle: name('bulk'), values: record(one(1))}, {op: 'home', handle: '0.NA/77.7'}]
		.map((item) => JSON.stringify(item) + '\n').join('');
	const codes = async (token) => (await done(ask('POST', 'bulk', body, by(token)), 200)).text.trimEnd().split('\n')
		.map((line) => JSON.parse(line).responseCode);

	assert.deepEqual(await codes(reader), [401, 401, undefined]);
	assert.deepEqual(await codes(elsewhere), [401, 401, undefined]);
	assert.deepEqual(await codes(here), [1, 401, undefined]);
	assert.equal((await ask('GET', `handles/${name('bulk')}/history`, undefined, by(all))).json.entries[0].actor,
		`${server.user} token here`);
});
test('the audit log names the token', () => {
	const refusals = readFileSync(join(server.directory, 'audit.log'), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));

	for (const token of ['reader', 'elsewhere', 'here']) {
		assert.ok(refusals.some((refusal) => refusal.token === token && refusal.identity === server.user && refusal.code === 401), token);
	}
});
test('what is no token is refused', async () => {
	const changed = all.slice(0, -1) + (all.endsWith('A') ? 'B' : 'A');

	for (const token of ['', 'x', changed, all + 'A', all.toUpperCase(), all.slice(6)]) {
		const {status} = await ask('GET', `handles/${PREFIX}/DEMO`, undefined, by(token));

		assert.equal(status, 401, token);
	}
	await refused(ask('GET', `handles/${PREFIX}/DEMO`, undefined, by(changed)), 401, 403);
});
test('without TLS a token counts for nothing', async () => {
	await refused(ask('PUT', `handles/${name('plain')}`, record(one(1)), {...by(all), base: server.url}), 403, 402);
	assert.equal((await ask('GET', `handles/${PREFIX}/PRIVATE`, undefined, {...by(all), base: server.url})).json.values.length, 0);
});
test('a token expires', async () => {
	await new Promise((resolve) => setTimeout(resolve, briefly + 3500 - Date.now()));
	await refused(ask('GET', `handles/${PREFIX}/DEMO`, undefined, by(brief)), 401, 403);
});
test('a token that was revoked is none', async () => {
	const gone = create('gone');

	await settled();
	await done(ask('GET', `handles/${PREFIX}/DEMO?index=1`, undefined, by(gone)), 200);
	houji('token', 'revoke', server.directory, 'gone');
	await settled();
	await refused(ask('GET', `handles/${PREFIX}/DEMO?index=1`, undefined, by(gone)), 401, 403);
	await done(ask('GET', `handles/${PREFIX}/DEMO?index=1`, undefined, by(all)), 200);
});
test('the file has no token, and is nobody else\'s', () => {
	const text = readFileSync(file, 'utf8');

	assert.ok(!text.includes(all) && !text.includes(all.slice(6)));
	assert.equal(statSync(file).mode & 0o777, 0o600);
	const listed = houji('token', 'list', '--json', server.directory).trimEnd().split('\n').map((line) => JSON.parse(line));

	assert.deepEqual(listed.map((token) => token.name), ['all', 'reader', 'writer', 'elsewhere', 'here', 'brief', 'stranger']);
	assert.deepEqual(listed[3].prefixes, ['88.8', '88.9']);
	assert.match(houji('token', 'list', server.directory), /^brief .* expired /m);
});
test('the command says what is wrong', () => {
	const fails = (code, ...words) => {
		const {status, stderr} = spawnSync(process.env.HOUJI, ['token', ...words], {encoding: 'utf8', env: {...process.env, LC_ALL: 'C.UTF-8'}});

		assert.equal(status, code, `${words}: ${stderr}`);
		return stderr;
	};

	assert.match(fails(1, 'create', '--user', '1:a/b', server.directory, 'all'), /already/);
	assert.match(fails(1, 'create', '--user', '1:a/b', server.directory, 'no name'), /1 to 64/);
	assert.match(fails(1, 'create', '--user', '1:a/b', server.directory, 'x'.repeat(65)), /1 to 64/);
	assert.match(fails(1, 'revoke', server.directory, 'never'), /no token never/);
	assert.match(fails(1, 'list', '/nonexistent'), /no node/);
	fails(2, 'create', server.directory, 'nobody');
	fails(2, 'create', '--user', '1:a/b', '--scope', 'all', server.directory, 'x');
	fails(2, 'create', '--user', '1:a/b', '--for', 'forever', server.directory, 'x');
	fails(2, 'create', '--user', '1:a/b', '--prefix', 'a/b', server.directory, 'x');
	fails(2, 'make', server.directory);
	fails(2, 'list');
});
test('a damaged file lets nobody in by token', async () => {
	const good = readFileSync(file, 'utf8');

	writeFileSync(file, good + '{"name":"x"}\n');
	await settled();
	await refused(ask('GET', `handles/${PREFIX}/DEMO?index=1`, undefined, by(all)), 401, 403);
	writeFileSync(file, good);
	await settled();
	await done(ask('GET', `handles/${PREFIX}/DEMO?index=1`, undefined, by(all)), 200);
});

const code = await run();
await server.stop();
process.exit(code);
