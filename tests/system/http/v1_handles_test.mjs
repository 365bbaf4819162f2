// SPDX-License-Identifier: Apache-2.0
// /v1/handles: records as resources with versions, and what they were.
import {PREFIX} from './node.mjs';
import {admin, ask, basic, done, name, one, record, refused, server} from './v1_client.mjs';
import {assert, run, test} from './tap.mjs';

const data = ({json}) => json.values.filter(({type}) => type === 'URL').map(({index, data: {value}}) => [index, value]);

test('a record that is made is 201 with its place and version', async () => {
	const handle = name('new');
	const made = await done(ask('PUT', `handles/${handle}`, record(one(1))), 201);

	assert.equal(made.headers.get('location'), `/v1/handles/${handle}`);
	assert.equal(made.json.handle, handle);
	assert.equal(made.etag, `"${made.json.version}-all"`);
	const told = await done(ask('GET', `handles/${handle}`, undefined, {by: null}), 200);

	assert.equal(told.json.version, made.json.version);
	assert.equal(told.etag, `"${made.json.version}"`);
	assert.deepEqual(data(told), [[1, 'https://example.org/']]);
	assert.match(told.headers.get('cache-control'), /^public, max-age=\d+$/);
	assert.match(told.headers.get('vary'), /Authorization/);
	assert.equal((await done(ask('PUT', `handles/${handle}`, record(one(2))), 200)).headers.get('location'), null);
});
test('the slashes of a handle may stand as they are or escaped', async () => {
	const handle = name('a/b c');

	const made = await done(ask('PUT', `handles/${encodeURIComponent(handle)}`, record(one(1))), 201);

	assert.equal(made.headers.get('location'), `/v1/handles/${PREFIX}/a/b%20c-${process.pid}`);
	await done(ask('GET', made.headers.get('location').slice(4)), 200);
	await done(ask('GET', `handles/${PREFIX}%2Fa/b%20c-${process.pid}`), 200);
});
test('a record that did not change is 304', async () => {
	const handle = name('etag');

	await done(ask('PUT', `handles/${handle}`, record({...one(1), permissions: '1100'}, one(2))), 201);
	const {etag} = await ask('GET', `handles/${handle}`, undefined, {by: null});
	const same = await ask('GET', `handles/${handle}`, undefined, {by: null, headers: {'If-None-Match': etag}});

	assert.equal(same.status, 304);
	assert.equal(same.etag, etag);
	assert.equal(same.text, '');
	// Who may read more is told more: that is another thing with another tag.
	const more = await done(ask('GET', `handles/${handle}`, undefined, {headers: {'If-None-Match': etag}}), 200);

	assert.equal(more.json.values.length, 3);
	assert.equal((await ask('GET', `handles/${handle}`, undefined, {headers: {'If-None-Match': more.etag}})).status, 304);
});
test('a value that was taken out is a change, also by date', async () => {
	const handle = name('since');
	const last = async () => (await ask('GET', `handles/${handle}`, undefined, {by: null})).headers.get('last-modified');
	const dated = async () => {
		let at = null;

		for (let i = 0; i < 1000 && at === null; i++) {
			await new Promise((resolve) => setTimeout(resolve, 20));
			at = await last();
		}
		return at;
	};

	await done(ask('PUT', `handles/${handle}`, record(one(1), one(2))), 201);
	const first = await dated();
	const since = {by: null, headers: {'If-Modified-Since': first}};

	assert.equal((await ask('GET', `handles/${handle}`, undefined, since)).status, 304);
	await done(ask('DELETE', `handles/${handle}?index=2`), 200);
	assert.equal((await ask('GET', `handles/${handle}`, undefined, since)).status, 200);
	assert.ok(Date.parse(await dated()) > Date.parse(first));
	// Nobody else keeps what only some may read, and so no date of it is told.
	assert.equal((await ask('GET', `handles/${handle}`)).headers.get('last-modified'), null);
});
test('If-None-Match: * makes a record only where there is none', async () => {
	const handle = name('once');
	const headers = {'If-None-Match': '*'};

	await done(ask('PUT', `handles/${handle}`, record(one(1)), {headers}), 201);
	await refused(ask('PUT', `handles/${handle}`, record(one(2)), {headers}), 412, 101);
	assert.deepEqual(data(await ask('GET', `handles/${handle}`)), [[1, 'https://example.org/']]);
	// If-Match comes first: there is a record; then If-None-Match: there is one.
	await refused(ask('PUT', `handles/${handle}`, record(one(2)), {headers: {'If-None-Match': '*', 'If-Match': '*'}}), 412, 101);
});
test('If-Match takes several tags, and If-None-Match those that must not be', async () => {
	const handle = name('tags');
	let {etag} = await done(ask('PUT', `handles/${handle}`, record(one(1))), 201);
	const put = (headers) => ask('PUT', `handles/${handle}`, record(one(1, `${Math.random()}`)), {headers});
	const next = async (headers) => {
		const answer = await done(put(headers), 200);

		etag = answer.etag;
	};

	await next({'If-Match': `"1", ${etag}`});
	await next({'If-Match': `${etag},"1"`});
	await next({'If-Match': `, "a,b" ,W/"7" , 12,\t${etag} ,`});
	await next({'If-Match': `"${JSON.parse(etag.replace('-all', ''))}"`});
	await refused(put({'If-Match': `W/${etag}, "1"`}), 412, 201);
	await refused(put({'If-Match': ''}), 412, 201);
	await refused(put({'If-Match': `x${etag}`}), 412, 201);
	await refused(put({'If-None-Match': etag}), 412, 201);
	await refused(put({'If-None-Match': `"1", W/${etag}`}), 412, 201);
	await refused(put({'If-None-Match': ' * '}), 412, 101);
	await next({'If-None-Match': '"1", "2"'});
	await next({'If-Match': etag, 'If-None-Match': '"1"'});
	await refused(put({'If-Match': etag, 'If-None-Match': etag}), 412, 201);
	// Of one that is not there no tag holds, and If-None-Match always.
	await refused(ask('DELETE', `handles/${name('tags-none')}`, undefined, {headers: {'If-Match': '"1", "2"'}}), 412, 201);
	await done(ask('PUT', `handles/${name('tags-new')}`, record(one(1)), {headers: {'If-None-Match': '"1", "2"'}}), 201);
});
test('a change names 64 versions at the most', async () => {
	const handle = name('many-tags');
	const {etag} = await done(ask('PUT', `handles/${handle}`, record(one(1))), 201);
	const tags = (count) => [...Array.from({length: count - 1}, (_, i) => `"${100000 + i}"`), etag].join(', ');

	for (const count of [65, 66]) {
		await refused(ask('PATCH', `handles/${handle}`, [one(2)], {headers: {'If-Match': tags(count)}}), 400, 4);
		await refused(ask('PATCH', `handles/${handle}`, [one(2)], {headers: {'If-None-Match': tags(count)}}), 400, 4);
	}
	await done(ask('PATCH', `handles/${handle}`, [one(2)], {headers: {'If-Match': tags(64)}}), 200);
});
test('If-Unmodified-Since lets a change be made only to what is as old, and counts for less than If-Match', async () => {
	const handle = name('dates');
	const {etag} = await done(ask('PUT', `handles/${handle}`, record(one(1))), 201);
	const patch = (headers) => ask('PATCH', `handles/${handle}`, [one(2)], {headers});
	const past = 'Tue, 14 Nov 2023 22:13:20 GMT';
	const future = 'Fri, 31 Dec 2100 23:59:59 GMT';

	await refused(patch({'If-Unmodified-Since': past}), 412, 201);
	await done(patch({'If-Unmodified-Since': past, 'If-Match': etag}), 200);
	await refused(patch({'If-Unmodified-Since': future, 'If-Match': etag}), 412, 201);
	await done(patch({'If-Unmodified-Since': future}), 200);
	await done(patch({'If-Unmodified-Since': 'yesterday'}), 200);
	await done(ask('PUT', `handles/${name('dates-new')}`, record(one(1)), {headers: {'If-Unmodified-Since': past}}), 201);
});
test('If-Match changes only the version that was read', async () => {
	const handle = name('match');
	const {etag} = await done(ask('PUT', `handles/${handle}`, record(one(1))), 201);
	const second = await done(ask('PUT', `handles/${handle}`, record(one(1, 'b')), {headers: {'If-Match': etag}}), 200);

	for (const wrong of [etag, '"0"', '"x"', 'W/' + second.etag, '"99999999"', '"18446744073709551615"', '""', '12']) {
		await refused(ask('PUT', `handles/${handle}`, record(one(1, 'c')), {headers: {'If-Match': wrong}}), 412, 201);
		await refused(ask('PATCH', `handles/${handle}`, [one(1, 'c')], {headers: {'If-Match': wrong}}), 412, 201);
		await refused(ask('DELETE', `handles/${handle}`, undefined, {headers: {'If-Match': wrong}}), 412, 201);
		await refused(ask('DELETE', `handles/${handle}?index=1`, undefined, {headers: {'If-Match': wrong}}), 412, 201);
	}
	await refused(ask('PUT', `handles/${handle}`, record(one(1, 'c')), {headers: {'If-Match': '"1", "2"'}}), 412, 201);
	assert.deepEqual(data(await ask('GET', `handles/${handle}`)), [[1, 'b']]);
	await done(ask('PATCH', `handles/${handle}`, [one(1, 'd')], {headers: {'If-Match': `"${second.json.version}"`}}), 200);
	await done(ask('PATCH', `handles/${handle}`, [one(1, 'e')], {headers: {'If-Match': '*'}}), 200);
	await refused(ask('PUT', `handles/${name('none')}`, record(one(1)), {headers: {'If-Match': '*'}}), 412, 201);
	await refused(ask('GET', `handles/${name('none')}`), 404, 100);
});
test('of many who change the same version one does', async () => {
	const handle = name('race');
	const {etag} = await done(ask('PUT', `handles/${handle}`, record(one(1, 'start'))), 201);
	const answers = await Promise.all(Array.from({length: 20}, (_, i) =>
		ask('PUT', `handles/${handle}`, record(one(1, `by ${i}`)), {headers: {'If-Match': etag}})));

	assert.equal(answers.filter(({status}) => status === 200).length, 1);
	assert.equal(answers.filter(({status}) => status === 412).length, 19);
});
test('PATCH sets values and leaves the others', async () => {
	const handle = name('patch');

	await done(ask('PUT', `handles/${handle}`, record(one(1, 'a'), one(2, 'b'))), 201);
	await done(ask('PATCH', `handles/${handle}`, [one(2, 'B'), one(3, 'C')]), 200);
	assert.deepEqual(data(await ask('GET', `handles/${handle}`)), [[1, 'a'], [2, 'B'], [3, 'C']]);
	await refused(ask('PATCH', `handles/${name('none')}`, [one(1)]), 404, 100);
	await refused(ask('PATCH', `handles/${handle}`, '[', {}), 400, 4);
});
test('values and records are deleted', async () => {
	const handle = name('delete');

	await done(ask('PUT', `handles/${handle}`, record(one(1), one(2), one(3))), 201);
	await done(ask('DELETE', `handles/${handle}?index=1&index=3`), 200);
	assert.deepEqual(data(await ask('GET', `handles/${handle}`)), [[2, 'https://example.org/']]);
	assert.equal((await done(ask('DELETE', `handles/${handle}`), 200)).etag, null);
	await refused(ask('DELETE', `handles/${handle}`), 404, 100);
	await refused(ask('GET', `handles/${handle}`), 404, 100);
});
test('a suffix is minted', async () => {
	const made = await done(ask('POST', `handles?prefix=${PREFIX}`, record(one(1))), 201);

	assert.match(made.json.handle, /^[^/]+\/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
	assert.equal((await done(ask('GET', made.headers.get('location').slice(4)), 200)).json.version, made.json.version);
	await refused(ask('POST', 'handles', record(one(1))), 400, 4);
	await refused(ask('POST', 'handles?prefix=99.9', record(one(1))), 400, 301);
});
test('what is not told is no error', async () => {
	const some = await done(ask('GET', `handles/${PREFIX}/DEMO?type=NONE`, undefined, {by: null}), 200);

	assert.deepEqual(some.json.values, []);
	assert.ok(some.json.version > 0);
	const hidden = await done(ask('GET', `handles/${PREFIX}/PRIVATE`, undefined, {by: null}), 200);

	assert.deepEqual(hidden.json.values, []);
	const all = await done(ask('GET', `handles/${PREFIX}/PRIVATE`), 200);

	assert.deepEqual(data(all), [[1, 'https://example.org/']]);
	assert.equal(all.headers.get('cache-control'), 'no-store');
});
test('errors are problems that say what is wrong', async () => {
	await refused(ask('GET', 'handles/99.9/x'), 400, 301);
	await refused(ask('GET', `handles/${PREFIX}/DEMO?index=x`), 400, 4);
	await refused(ask('GET', `handles/${PREFIX}/%zz`), 400, 4);
	await refused(ask('GET', `handles/${PREFIX}/%FF`), 400, 102);
	await refused(ask('GET', 'handles/'), 400, 102);
	await refused(ask('GET', 'nothing/here'), 404, 4);
	await refused(ask('PUT', `handles/${name('x')}`, [one(1)], {headers: {'Content-Type': 'text/plain'}}), 415, 4);
	await refused(ask('PUT', `handles/${name('x')}`, [one(1)], {by: null}), 401, 402);
	await refused(ask('PUT', `handles/${name('x')}`, [one(1)], {by: null, base: server.url}), 403, 402);
	await refused(ask('PUT', `handles/${name('x')}`, [one(1)], {by: basic(server.user, 'wrong')}), 401, 403);
	await refused(ask('PUT', `handles/${name('x')}`, 'x'.repeat(1100000)), 413, 4);
	assert.match((await refused(ask('PUT', `handles/${name('x')}`, [{...one(1), ttl: -5}]), 400, 4)).detail, /ttl/);
	const wrong = await ask('PATCH', 'openapi.json', '{}');

	assert.equal(wrong.status, 405);
	assert.equal(wrong.headers.get('allow'), 'GET, HEAD, OPTIONS');
	assert.equal(wrong.headers.get('content-type'), 'application/problem+json;charset=utf-8');
});
test('/api/ knows PATCH as little as ever', async () => {
	assert.equal((await fetch(`${server.tls}/api/handles/${PREFIX}/DEMO`, {method: 'PATCH'})).status, 501);
});
test('a record is told as it was, by version and by time', async () => {
	const handle = name('past');
	const first = (await done(ask('PUT', `handles/${handle}`, record(one(1, 'old'))), 201)).json.version;
	const second = (await done(ask('PUT', `handles/${handle}`, record(one(1, 'new'))), 200)).json.version;

	assert.deepEqual(data(await done(ask('GET', `handles/${handle}?at=${first}`), 200)), [[1, 'old']]);
	assert.deepEqual(data(await done(ask('GET', `handles/${handle}?at=${second - 1}`), 200)), [[1, 'old']]);
	assert.deepEqual(data(await done(ask('GET', `handles/${handle}?at=${second}`), 200)), [[1, 'new']]);
	const now = await done(ask('GET', `handles/${handle}?at=${new Date(Date.now() + 2000).toISOString().slice(0, 19)}Z`), 200);

	assert.equal(now.json.version, second);
	assert.equal(now.json.actor, server.user);
	assert.ok(Math.abs(now.json.timeMs - Date.now()) < 120000);
	await refused(ask('GET', `handles/${handle}?at=2001-01-01T00:00:00Z`), 404, 100);
	await refused(ask('GET', `handles/${handle}?at=${first - 1}`), 404, 100);
	await refused(ask('GET', `handles/${handle}?at=yesterday`), 400, 4);
	await refused(ask('GET', `handles/${name('never')}?at=1`), 404, 100);
});
test('a history is every change, newest first, by pages', async () => {
	const handle = name('history');
	const versions = [];

	for (const value of ['a', 'b', 'c']) {
		versions.unshift((await ask('PUT', `handles/${handle}`, record(one(1, value)))).json.version);
	}
	const all = await done(ask('GET', `handles/${handle}/history?values`), 200);

	assert.deepEqual(all.json.entries.map(({version}) => version), versions);
	assert.deepEqual(all.json.entries.map(({action}) => action), ['modify', 'modify', 'create']);
	assert.deepEqual(all.json.entries.map((entry) => data({json: entry})[0][1]), ['c', 'b', 'a']);
	assert.equal(all.json.before, undefined);
	const page = await done(ask('GET', `handles/${handle}/history?limit=2`), 200);

	assert.deepEqual(page.json.entries.map(({version}) => version), versions.slice(0, 2));
	assert.equal(page.json.entries[0].values, undefined);
	const rest = await done(ask('GET', `handles/${handle}/history?before=${page.json.before}`), 200);

	assert.deepEqual(rest.json.entries.map(({version}) => version), versions.slice(2));
	await refused(ask('GET', `handles/${handle}/history?limit=101`), 400, 4);
	await refused(ask('GET', `handles/${handle}/history?before=x`), 400, 4);
});
test('what was deleted is gone, and its history is there', async () => {
	const handle = name('gone');
	const made = (await ask('PUT', `handles/${handle}`, record(one(1, 'a')))).json.version;
	const gone = (await done(ask('DELETE', `handles/${handle}`), 200)).json.version;

	await refused(ask('GET', `handles/${handle}?at=${gone}`), 410, 100);
	assert.deepEqual(data(await done(ask('GET', `handles/${handle}?at=${made}`), 200)), [[1, 'a']]);
	assert.deepEqual((await ask('GET', `handles/${handle}/history`)).json.entries.map(({action}) => action), ['delete', 'create']);
	await done(ask('PUT', `handles/${handle}`, record(one(1, 'b'))), 201);
	assert.deepEqual((await ask('GET', `handles/${handle}/history`)).json.entries.map(({action}) => action),
		['create', 'delete', 'create']);
});
test('a handle that ends in /history is told apart by its escape', async () => {
	const handle = `${name('odd')}/history`;

	await done(ask('PUT', `handles/${encodeURIComponent(handle)}`, record(one(1))), 201);
	assert.equal((await ask('GET', `handles/${encodeURIComponent(handle)}`)).json.handle, handle);
	assert.equal((await ask('GET', `handles/${encodeURIComponent(handle)}/history`)).json.entries.length, 1);
	await refused(ask('GET', `handles/${handle}`), 404, 100);
});
test('the past is for those who may read the record', async () => {
	const handle = name('mine');
	const other = {index: 100, type: 'HS_ADMIN', data: {format: 'admin', value:
		{handle: `${PREFIX}/SOMEBODY`, index: 300, permissions: '111111111111'}}};

	await ask('PUT', `handles/${handle}`, [one(1), other]);
	for (const path of [`handles/${handle}/history`, `handles/${handle}?at=1`]) {
		await refused(ask('GET', path, undefined, {by: null}), 401, 402);
		await refused(ask('GET', path, undefined, {by: null, base: server.url}), 403, 402);
		await refused(ask('GET', path), 403, 400);
	}
	await refused(ask('GET', `handles/${name('unmade')}/history`, undefined, {by: null}), 401, 402);
	await refused(ask('GET', 'handles/99.9/x/history'), 400, 301);
});
test('secret keys are in no version', async () => {
	const handle = name('secret');

	await done(ask('PUT', `handles/${handle}`, record({index: 300, type: 'HS_SECKEY', data: 'sesame'})), 201);
	for (const path of [`handles/${handle}`, `handles/${handle}/history?values`, `handles/${handle}?at=999999`]) {
		const {text} = await done(ask('GET', path), 200);

		assert.doesNotMatch(text, /sesame|c2VzYW1l/, path);
	}
});

const code = await run();
await server.stop();
process.exit(code);
