// SPDX-License-Identifier: Apache-2.0
// GET /v1/changes: what changed, as lines and as server-sent events.
import {PREFIX} from './node.mjs';
import {admin, ask, basic, done, name, one, record, refused, server} from './v1_client.mjs';
import {assert, run, test} from './tap.mjs';

const parse = (text) => text.trimEnd().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
const put = async (suffix, value = 'a') => (await ask('PUT', `handles/${name(suffix)}`, record(one(1, value)))).json.version;
const fold = (handle) => handle.toUpperCase();

// Opens a stream; next() gives its next line (or block of lines, for events), or 'end'.
async function stream(query, headers = {}) {
	const controller = new AbortController();
	const answer = await fetch(`${server.tls}/v1/changes${query}`, {signal: controller.signal, headers: {Authorization: admin, ...headers}});
	const reader = answer.body.getReader();
	const separator = answer.headers.get('content-type').startsWith('text/event-stream') ? '\n\n' : '\n';
	let text = '';

	return {
		answer,
		async next() {
			while (!text.includes(separator)) {
				const {value, done: isOver} = await Promise.race([reader.read(),
					new Promise((resolve, reject) => setTimeout(reject, 20000, new Error('nothing came')))]);

				if (isOver) {
					return 'end';
				}
				text += new TextDecoder().decode(value);
			}
			const at = text.indexOf(separator);
			const part = text.slice(0, at);

			text = text.slice(at + separator.length);
			return part;
		},
		close: () => controller.abort(),
	};
}

test('what changed after a version is told in order, each once', async () => {
	const start = await put('start');
	const made = await put('a');
	const modified = await put('a', 'b');
	const gone = (await ask('DELETE', `handles/${name('a')}`)).json.version;
	const answer = await done(ask('GET', `changes?prefix=${PREFIX}&after=${start}`), 200);
	const changes = parse(answer.text);

	assert.equal(answer.headers.get('content-type'), 'application/x-ndjson;charset=utf-8');
	assert.deepEqual(changes.map(({version, action}) => [version, action]), [[made, 'create'], [modified, 'modify'], [gone, 'delete']]);
	assert.equal(changes[0].handle, name('a'));
	assert.equal(fold(changes[2].handle), fold(name('a')));
	assert.ok(changes.every(({timeMs}) => Math.abs(timeMs - Date.now()) < 600000));
	assert.deepEqual(parse((await ask('GET', `changes?prefix=${PREFIX}&after=${start}&limit=1`)).text).map(({version}) => version), [made]);
	assert.equal((await ask('GET', `changes?prefix=${PREFIX}&after=${gone}`)).text, '');
	assert.equal((await ask('GET', `changes?prefix=${PREFIX}&limit=0`)).text, '');
	assert.equal(parse((await ask('GET', `changes?limit=1`)).text)[0].version, 1);
});
test('only changes of the prefix are told, its own homing with them', async () => {
	const start = await put('only');

	await fetch(`${server.tls}/api/prefixes/0.NA/77.7`, {method: 'POST', headers: {Authorization: admin}});
	await fetch(`${server.tls}/api/prefixes/0.NA/77.71`, {method: 'POST', headers: {Authorization: admin}});
	await put('other');
	const all = parse((await ask('GET', `changes?after=${start}`)).text);

	assert.deepEqual(all.map(({action, handle}) => [action, handle]),
		[['home', '0.NA/77.7'], ['home', '0.NA/77.71'], ['create', name('other')]]);
	assert.deepEqual(parse((await ask('GET', `changes?after=${start}&prefix=${PREFIX}`)).text).map(({handle}) => handle), [name('other')]);
	assert.deepEqual(parse((await ask('GET', `changes?after=${start}&prefix=0.NA/${PREFIX.toLowerCase()}`)).text).map(({handle}) => handle), [name('other')]);
	await refused(ask('GET', `changes?after=${start}&prefix=77.7`), 403, 400);
});
test('a stream goes on with what changes', async () => {
	const {answer, next, close} = await stream(`?prefix=${PREFIX}&follow`);

	assert.equal(answer.status, 200);
	for (const suffix of ['s1', 's2', 's3']) {
		const version = await put(suffix);

		assert.equal(JSON.parse(await next()).version, version);
	}
	close();
});
test('events have the version as their id', async () => {
	const start = await put('e0');
	const {answer, next, close} = await stream(`?prefix=${PREFIX}&after=${start}`, {Accept: 'text/event-stream'});
	const version = await put('e1');
	const [id, data] = (await next()).split('\n');

	assert.equal(answer.headers.get('content-type'), 'text/event-stream;charset=utf-8');
	assert.equal(answer.headers.get('cache-control'), 'no-store');
	assert.equal(id, `id: ${version}`);
	assert.ok(data.startsWith('data: {'));
	assert.equal(JSON.parse(data.slice(6)).handle, name('e1'));
	close();
});
test('who comes back goes on behind the last event', async () => {
	const first = await put('b1');
	const second = await put('b2');
	const {next, close} = await stream(`?prefix=${PREFIX}&after=0`, {Accept: 'text/event-stream', 'Last-Event-ID': String(first)});

	assert.equal((await next()).split('\n')[0], `id: ${second}`);
	close();
});
test('a long past comes whole, however it is cut', async () => {
	const count = 3000;
	const start = await put('long');
	const body = Array.from({length: count}, (_, i) => JSON.stringify({handle: name(`l${i}${'x'.repeat(i % 900)}`), values: [one(1)]}) + '\n').join('');

	await done(ask('POST', 'bulk', body, {headers: {'Content-Type': 'application/x-ndjson'}}), 200);
	const changes = parse((await ask('GET', `changes?prefix=${PREFIX}&after=${start}`)).text);

	assert.deepEqual(changes.map(({version}) => version), Array.from({length: count}, (_, i) => start + 1 + i));
});
test('the longest handle is told whole', async () => {
	const start = await put('longest');
	const handle = `${PREFIX}/${'"'.repeat(2000)}`;

	await done(ask('PUT', `handles/${encodeURIComponent(handle)}`, record(one(1))), 201);
	assert.equal(parse((await ask('GET', `changes?prefix=${PREFIX}&after=${start}`)).text)[0].handle, handle);
});
test('many watchers are told of the same change', async () => {
	const streams = await Promise.all(Array.from({length: 30}, (_, i) =>
		stream(i % 3 === 0 ? '?follow' : i % 3 === 1 ? `?follow&prefix=${PREFIX}` : '?follow&prefix=0.NA/' + PREFIX)));
	const version = await put('many');

	for (const {next, close} of streams) {
		assert.equal(JSON.parse(await next()).version, version);
		close();
	}
});
test('watchers that go away leave the others be', async () => {
	const stays = await stream(`?follow&prefix=${PREFIX}`);

	for (let i = 0; i < 20; i++) {
		(await stream(`?follow&prefix=${PREFIX}`)).close();
	}
	const version = await put('stays');

	assert.equal(JSON.parse(await stays.next()).version, version);
	stays.close();
});
test('a heartbeat comes when nothing else does', async () => {
	const {next, close} = await stream(`?follow&prefix=${PREFIX}`);
	const events = await stream(`?prefix=${PREFIX}`, {Accept: 'text/event-stream'});

	assert.ok(JSON.parse(await next()).heartbeat > 0);
	assert.match(await events.next(), /^id: \d+\n: heartbeat$/);
	close();
	events.close();
});
test('who may not list may not watch', async () => {
	await refused(ask('GET', `changes?prefix=${PREFIX}`, undefined, {by: null}), 401, 402);
	await refused(ask('GET', 'changes', undefined, {by: null}), 401, 402);
	await refused(ask('GET', `changes?prefix=${PREFIX}`, undefined, {by: null, base: server.url}), 403, 402);
	await refused(ask('GET', 'changes', undefined, {by: basic(server.user, 'wrong')}), 401, 403);
	await refused(ask('GET', 'changes?prefix=99.9'), 400, 301);
});
test('what is wrong with a question is said', async () => {
	await refused(ask('GET', 'changes?after=x'), 400, 4);
	await refused(ask('GET', 'changes?after=-1'), 400, 4);
	await refused(ask('GET', 'changes?after=999999999'), 400, 4);
	await refused(ask('GET', 'changes?limit=many'), 400, 4);
	await refused(ask('GET', 'changes?prefix=a/b'), 400, 4);
	await refused(ask('GET', 'changes', undefined, {headers: {'Last-Event-ID': 'x'}}), 400, 4);
});
test('streams end when the node stops', async () => {
	const {next} = await stream('?follow');
	const stopped = server.stop();

	assert.equal(await next(), 'end');
	await stopped;
});

process.exit(await run());
