// SPDX-License-Identifier: Apache-2.0
// GET /v1/changes where the settings let everybody watch (web.public_changes): what of the changes they are told.
import {PREFIX} from './node.mjs';

process.env.HOUJI_TEST_SETTINGS = 'web:\n  public_changes: true\n';
const {admin, ask, done, name, one, record, refused, server} = await import('./v1_client.mjs');
const {assert, run, test} = await import('./tap.mjs');

const parse = (text) => text.trimEnd().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
const nobody = {by: null, base: server.url};
const changes = async (query) => parse((await done(ask('GET', `changes?${query}`, undefined, nobody), 200)).text)
	.map(({action, handle, version}) => ({action, handle: handle.toUpperCase(), version}));
const hidden = (index, data) => ({...one(index, data), permissions: '1100'});
const put = async (suffix, values, status) =>
	(await done(ask('PUT', `handles/${name(suffix)}?overwrite=true`, values), status)).json.version;
// Of a record nobody else may read, its administrator too is hidden.
const secret = (...values) => record(...values).map((value) => ({...value, permissions: '1100'}));
const told = async (after) => (await changes(`prefix=${PREFIX}&after=${after}`)).map(({action, version}) => [action, version]);

test('what everybody may read is told to everybody', async () => {
	const start = await put('start', record(one(1)), 201);
	const made = await put('a', record(one(1)), 201);
	const changed = await put('a', record(one(1, 'other')), 200);
	const gone = (await done(ask('DELETE', `handles/${name('a')}`), 200)).json.version;

	assert.deepEqual(await told(start), [['create', made], ['modify', changed], ['delete', gone]]);
});
test('of what nobody may read nothing is told, neither made, changed nor deleted', async () => {
	const start = await put('s0', record(one(1)), 201);

	await put('secret', secret(hidden(1, 'x')), 201);
	await put('secret', secret(hidden(1, 'y')), 200);
	await done(ask('DELETE', `handles/${name('secret')}`), 200);
	const after = await put('s1', record(one(1)), 201);

	assert.deepEqual(await told(start), [['create', after]]);
});
test('what was public before is told to be hidden, and what is public now to be shown', async () => {
	const start = await put('h0', record(one(1)), 201);
	const made = await put('hide', record(one(1)), 201);
	const hid = await put('hide', secret(hidden(1, 'x')), 200);

	await put('hide', secret(hidden(1, 'y')), 200);
	const shown = await put('hide', [...secret(hidden(1, 'y')), one(2)], 200);

	assert.deepEqual(await told(start), [['create', made], ['modify', hid], ['modify', shown]]);
});
test('of a prefix its own record and homing are told, and not those of its neighbours', async () => {
	const start = await put('p0', record(one(1)), 201);

	for (const prefix of ['77.7', '77.71', '77.8', '7.77']) {
		await done(fetch(`${server.tls}/api/prefixes/0.NA/${prefix}`, {method: 'POST', headers: {Authorization: admin}}), 200);
	}
	assert.deepEqual((await changes(`after=${start}&prefix=77.7`)).map(({action, handle}) => [action, handle]), [['home', '0.NA/77.7']]);
	assert.deepEqual((await changes(`after=${start}`)).map(({handle}) => handle),
		['0.NA/77.7', '0.NA/77.71', '0.NA/77.8', '0.NA/7.77']);
});
test('a prefix ends where its handle would', async () => {
	await done(ask('GET', `changes?limit=0&prefix=${'7'.repeat(2043)}`, undefined, nobody), 200);
	await refused(ask('GET', `changes?limit=0&prefix=${'7'.repeat(2044)}`, undefined, nobody), 400, 4);
	await refused(ask('GET', 'changes?limit=0&prefix=7/7', undefined, nobody), 400, 4);
});

const code = await run();
await server.stop();
process.exit(code);
