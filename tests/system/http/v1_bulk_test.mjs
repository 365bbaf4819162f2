// SPDX-License-Identifier: Apache-2.0
// POST /v1/bulk: many changes, a line each, and a line for each in answer.
import {request} from 'node:https';
import {PREFIX, serverStart} from './node.mjs';
import {admin, ask, basic, done, name, one, record, refused, server} from './v1_client.mjs';
import {assert, run, test} from './tap.mjs';

const lines = (...items) => items.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)) + '\n').join('');
const NDJSON = {'Content-Type': 'application/x-ndjson'};

async function bulk(body, {headers = {}, ...options} = {}) {
	const answer = await ask('POST', 'bulk', body, {headers: {...NDJSON, ...headers}, ...options});

	if (answer.status !== 200) {
		return answer;
	}
	const results = answer.text.trimEnd().split('\n').map((line) => JSON.parse(line));

	return {...answer, summary: results.pop().summary, results};
}

test('each line is carried out in order, and has a result', async () => {
	const handle = name('all');
	const {results, summary, headers} = await bulk(lines(
		{handle, values: record(one(1, 'a'))},
		{op: 'add', handle, values: [one(2, 'b')]},
		{op: 'modify', handle, values: [one(1, 'A')]},
		{op: 'remove', handle, indexes: [2]},
		{op: 'create', handle, values: record(one(1, 'x'))},
		{op: 'create', handle, values: record(one(1, 'y')), overwrite: true},
		{op: 'delete', handle: name('none')},
		{op: 'home', handle: '0.NA/77.7'},
		{op: 'unhome', handle: '0.NA/77.7'}));

	assert.equal(headers.get('content-type'), 'application/x-ndjson;charset=utf-8');
	assert.deepEqual(results.map(({line, op, responseCode}) => [line, op, responseCode]), [[1, 'create', 1], [2, 'add', 1],
		[3, 'modify', 1], [4, 'remove', 1], [5, 'create', 101], [6, 'create', 1], [7, 'delete', 100], [8, 'home', 1], [9, 'unhome', 1]]);
	assert.deepEqual(summary, {lines: 9, done: 7, refused: 2});
	const told = await done(ask('GET', `handles/${handle}`), 200);

	assert.equal(told.json.version, results[5].version);
	assert.deepEqual(told.json.values.filter(({type}) => type === 'URL').map(({data}) => data.value), ['y']);
});
test('a line that is wrong stops nothing', async () => {
	const good = (suffix) => ({handle: name(suffix), values: record(one(1))});
	const {results, summary} = await bulk(lines(good('w1'), '{', '[]', '', '{"handle":7}', '{"op":"fly","handle":"a/b"}',
		{handle: name('w2')}, {op: 'remove', handle: name('w2')}, {handle: '99.9/x', values: [one(1)]},
		{handle: name('w2'), values: [one(1)], extra: 1}, '{"handle":"a","handle":"b"}', '\r', good('w3')).trimEnd());

	assert.deepEqual(results.map(({line, responseCode}) => [line, responseCode]), [[1, 1], [2, 4], [3, 4], [5, 4], [6, 4], [7, 4],
		[8, 4], [9, 301], [10, 4], [11, 4], [13, 1]]);
	assert.ok(results.every(({responseCode, message}) => responseCode === 1 || message.length > 0), JSON.stringify(results));
	assert.match(results[4].message, /op is create, add/);
	assert.deepEqual(summary, {lines: 13, done: 2, refused: 9});
});
test('a body may be empty', async () => {
	assert.deepEqual((await bulk('')).summary, {lines: 0, done: 0, refused: 0});
	assert.deepEqual((await bulk('\n\n')).summary, {lines: 2, done: 0, refused: 0});
});
test('lines may be as long as a record, and not longer than 1 MiB', async () => {
	const value = 'x'.repeat(120000);
	const big = {handle: name('big'), values: record(one(1, value), one(2, value))};
	const padded = (size) => {
		const line = JSON.stringify({handle: name('pad'), values: record(one(1))});

		return line.slice(0, -1) + ' '.repeat(size - line.length) + '}';
	};
	const {results, summary} = await bulk(lines(...Array(20).fill({...big, overwrite: true}), padded(1048576), padded(1048577),
		{handle: name('after'), values: record(one(1))}));

	assert.deepEqual(results.map(({responseCode}) => responseCode), [...Array(21).fill(1), 4, 1]);
	assert.deepEqual(summary, {lines: 23, done: 22, refused: 1});
	assert.match(results[21].message, /1 MiB/);
});
test('names of any size and of any octets are told with their results', async () => {
	const start = name('long-');
	const handles = ['\u0001', '"', 'x', '\u6807'].map((letter) =>
		start + letter.repeat(Math.floor((2048 - start.length) / new TextEncoder().encode(letter).length)));
	const {results} = await bulk(lines(...handles.map((handle) => ({handle, values: record(one(1))})),
		...handles.map((handle) => ({op: 'remove', handle, indexes: [77]}))));

	assert.deepEqual(results.map(({handle, responseCode}) => [handle, responseCode]),
		[...handles.map((handle) => [handle, 1]), ...handles.map((handle) => [handle, 200])]);
});
test('small changes of large records need no more room than one', async () => {
	const value = 'x'.repeat(120000);
	const many = Array.from({length: 40}, (_, i) => name(`large-${i}`));

	assert.equal((await bulk(lines(...many.map((handle) => ({handle, values: record(one(1, value), one(2, value))}))))).summary.done, 40);
	const {summary, results} = await bulk(lines(...many.map((handle) => ({op: 'add', handle, values: [one(3)]}))));

	assert.deepEqual(summary, {lines: 40, done: 40, refused: 0}, JSON.stringify(results[39]));
	assert.equal((await ask('GET', `handles/${many[39]}`)).json.values.length, 4);
});
test('minted names are told', async () => {
	const {results} = await bulk(lines({handle: `${PREFIX}/`, mint: true, values: record(one(1))},
		{handle: `${PREFIX}/`, mint: true, values: record(one(1))}));

	assert.notEqual(results[0].handle, results[1].handle);
	for (const {handle, version} of results) {
		assert.equal((await ask('GET', `handles/${handle}`)).json.version, version);
	}
});
test('many lines in pieces of any size come out whole and in order', async () => {
	const count = 20000;
	const body = lines(...Array.from({length: count}, (_, i) => ({handle: name(`many-${i}`), values: record(one(1, `v${i}`))})));
	const octets = new TextEncoder().encode(body);
	let at = 0;
	const stream = new ReadableStream({pull(controller) {
		const size = [1, 7, 1000, 65536, 200000][at % 5];

		controller.enqueue(octets.subarray(at, at + size));
		at += size;
		if (at >= octets.length) {
			controller.close();
		}
	}});
	const answer = await fetch(`${server.tls}/v1/bulk`, {method: 'POST', body: stream, duplex: 'half',
		headers: {Authorization: admin, ...NDJSON}});
	const results = (await answer.text()).trimEnd().split('\n').map((line) => JSON.parse(line));

	assert.deepEqual(results.pop().summary, {lines: count, done: count, refused: 0});
	assert.deepEqual(results.map(({line}) => line), Array.from({length: count}, (_, i) => i + 1));
	assert.ok(results.every(({version}, i) => i === 0 || version > results[i - 1].version));
});
test('lines are whole wherever they are cut in two', async () => {
	const line = lines({handle: name('cut'), values: record(one(1)), overwrite: true});
	const cuts = [1, 2, line.length - 2, line.length - 1, line.length];
	const parts = cuts.flatMap((cut) => [line.slice(0, cut), line.slice(cut)]).filter((part) => part !== '');
	const stream = new ReadableStream({pull(controller) {
		controller.enqueue(new TextEncoder().encode(parts.shift()));
		if (parts.length === 0) {
			controller.close();
		}
	}});
	const answer = await fetch(`${server.tls}/v1/bulk`, {method: 'POST', body: stream, duplex: 'half',
		headers: {Authorization: admin, ...NDJSON}});
	const text = await answer.text();

	assert.deepEqual(JSON.parse(text.trimEnd().split('\n').pop()).summary, {lines: cuts.length, done: cuts.length, refused: 0}, text);
});
test('who may send nothing is told so before sending it', async () => {
	const body = lines({handle: name('no'), values: [one(1)]});

	await refused(bulk(body, {by: null}), 401, 402);
	await refused(bulk(body, {by: null, base: server.url}), 403, 402);
	await refused(bulk(body, {by: basic(server.user, 'wrong')}), 401, 403);
	await refused(ask('GET', `handles/${name('no')}`), 404, 100);
});
test('each line needs its own rights', async () => {
	const handle = name('theirs');

	await ask('PUT', `handles/${handle}`, [one(1), {index: 100, type: 'HS_ADMIN', data: {format: 'admin', value:
		{handle: `${PREFIX}/SOMEBODY`, index: 300, permissions: '111111111111'}}}]);
	const {results} = await bulk(lines({op: 'add', handle, values: [one(5)]}, {handle: name('ours'), values: record(one(1))}));

	assert.deepEqual(results.map(({responseCode}) => responseCode), [400, 1]);
});
test('the same lines with the same key are done once', async () => {
	const headers = {'Idempotency-Key': `key-${process.pid}`};
	const body = lines({handle: name('idem'), values: record(one(1))}, {handle: `${PREFIX}/`, mint: true, values: record(one(1))});
	const first = await bulk(body, {headers});
	const again = await bulk(body, {headers});

	assert.equal(first.headers.get('idempotency-replayed'), null);
	assert.equal(again.headers.get('idempotency-replayed'), 'true');
	assert.equal(again.text, first.text);
	assert.deepEqual(first.summary, {lines: 2, done: 2, refused: 0});
	await refused(bulk(lines({handle: name('other'), values: record(one(1))}), {headers}), 422, 4);
	await refused(bulk(lines({handle: name('other'), values: record(one(1))}) + body, {headers}), 422, 4);
	await refused(ask('GET', `handles/${name('other')}`), 404, 100);
	assert.equal((await bulk(body, {headers})).text, first.text); // Those changed nothing of it.
	const other = await bulk(body, {headers: {'Idempotency-Key': `other-${process.pid}`}});

	assert.deepEqual(other.results.map(({responseCode}) => responseCode), [101, 1]);
});
test('a key is a text of its own size', async () => {
	const body = lines({handle: name('long'), values: record(one(1))});

	await done(bulk(body, {headers: {'Idempotency-Key': 'k'.repeat(255)}}), 200);
	for (const key of ['k'.repeat(256), '']) {
		await refused(bulk(body, {headers: {'Idempotency-Key': key}}), 400, 4);
	}
});
test('a key whose request is under way is 409', async () => {
	const headers = {Authorization: admin, ...NDJSON, 'Idempotency-Key': `slow-${process.pid}`};
	const slow = request(`${server.tls}/v1/bulk`, {method: 'POST', headers: {...headers, 'Transfer-Encoding': 'chunked'},
		rejectUnauthorized: false});
	const answered = new Promise((resolve) => slow.on('response', (answer) => {
		answer.resume();
		answer.on('end', () => resolve(answer.statusCode));
	}));

	slow.write(lines({handle: name('slow'), values: record(one(1))}));
	for (let i = 0; i < 100 && (await ask('GET', `handles/${name('slow')}`)).status !== 200; i++) {
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	await refused(bulk(lines({handle: name('slow'), values: record(one(1))}), {headers}), 409, 3);
	slow.end();
	assert.equal(await answered, 200);
	assert.equal((await bulk(lines({handle: name('slow'), values: record(one(1))}), {headers})).headers.get('idempotency-replayed'), 'true');
});
/** Sends these lines and goes away once the last of them shows; without it, the node may still have them to read. */
async function breakOff(body, headers, last) {
	const broken = request(`${server.tls}/v1/bulk`, {method: 'POST', rejectUnauthorized: false,
		headers: {Authorization: admin, ...NDJSON, 'Transfer-Encoding': 'chunked', ...headers}});
	const over = new Promise((resolve) => broken.on('close', resolve));

	broken.on('error', () => {});
	broken.write(body + '{"handle":"' + name('never-whole'));
	await until(async () => (await ask('GET', `handles/${last}`)).status === 200);
	broken.destroy();
	await over;
}
async function until(is) {
	for (let i = 0; i < 1000 && !(await is()); i++) {
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}
/** The same request until no earlier one is under way any more. */
async function again(body, headers) {
	let answer;

	await until(async () => (answer = await bulk(body, {headers})).status !== 409);
	return answer;
}

test('lines of a request that broke off are told as they were done, and the rest is carried out', async () => {
	const headers = {'Idempotency-Key': `broke-${process.pid}`};
	const items = Array.from({length: 600}, (_, i) => ({handle: name(`part-${i}`), values: record(one(1))}));

	items.splice(5, 0, '', '{', {op: 'delete', handle: name('part-none')}, {handle: `${PREFIX}/`, mint: true, values: record(one(1))});
	const count = 404;

	await breakOff(lines(...items.slice(0, count)), headers, name('part-399'));
	const body = lines(...items);
	// Other lines are none of it: nothing of them is done, and what is known stays known.
	await refused(again(lines({handle: name('part-other'), values: record(one(1))}) + body, headers), 422, 4);
	await refused(again(lines(...items.slice(0, 10)), headers), 422, 4);
	await refused(ask('GET', `handles/${name('part-other')}`), 404, 100);
	// A second one that breaks off within what is known changes nothing.
	await breakOff(lines(...items.slice(0, 100)), headers, name('part-1'));
	const {results, summary, headers: told, text} = await again(body, headers);

	assert.deepEqual(summary, {lines: 604, done: 601, refused: 2, resumed: count});
	assert.equal(results.length, 603);
	assert.deepEqual(results.filter(({responseCode}) => responseCode !== 1).map(({line, responseCode}) => [line, responseCode]),
		[[7, 4], [8, 100]]);
	assert.ok(results.every(({version}, i) => version === undefined || i === 0 || results[i - 1].version === undefined ||
		version > results[i - 1].version));
	for (const {handle, version} of [results[0], results[7], results[402], results[403], results[602]]) {
		assert.equal((await ask('GET', `handles/${handle}`)).json.version, version, handle);
	}
	assert.equal(told.get('idempotency-replayed'), null);
	const third = await bulk(body, {headers});

	assert.equal(third.headers.get('idempotency-replayed'), 'true');
	assert.equal(third.text, text);
});
test('without a key a request that broke off is another one when it is sent again', async () => {
	const body = lines({handle: name('keyless'), values: record(one(1))});

	await breakOff(body, {}, name('keyless'));
	assert.deepEqual((await bulk(body)).results.map(({responseCode}) => responseCode), [101]);
});
test('a request may break off again and again, and be taken up each time', async () => {
	const headers = {'Idempotency-Key': `often-${process.pid}`};
	const items = Array.from({length: 50}, (_, i) => ({handle: name(`often-${i}`), values: record(one(1))}));

	for (const count of [10, 11, 40]) {
		await until(async () => {
			await breakOff(lines(...items.slice(0, count)), headers, name('often-0'));
			return (await ask('GET', `handles/${name(`often-${count - 1}`)}`)).status === 200;
		});
	}
	assert.deepEqual((await again(lines(...items), headers)).summary, {lines: 50, done: 50, refused: 0, resumed: 40});
});
test('a request that the end of the node broke off goes on after the next start', async () => {
	const first = await serverStart();
	const by = basic(first.user, first.secret);
	const headers = {...NDJSON, Authorization: by, 'Idempotency-Key': 'stopped'};
	const items = Array.from({length: 30}, (_, i) => ({handle: name(`stop-${i}`), values: record(one(1))}));
	const sending = request(`${first.tls}/v1/bulk`, {method: 'POST', rejectUnauthorized: false,
		headers: {...headers, 'Transfer-Encoding': 'chunked'}});

	sending.on('error', () => {});
	sending.write(lines(...items.slice(0, 20)));
	await until(async () => (await ask('GET', `handles/${name('stop-19')}`, undefined, {by, base: first.tls})).status === 200);
	await first.stopKeeping();
	const second = await first.startAgain();
	const answer = await ask('POST', 'bulk', lines(...items), {by, base: second.tls, headers});

	assert.deepEqual(JSON.parse(answer.text.trimEnd().split('\n').pop()).summary, {lines: 30, done: 30, refused: 0, resumed: 20});
	await second.stop();
});
test('who breaks off leaves what was sent, and the node well', async () => {
	for (let i = 0; i < 12; i++) {
		await new Promise((resolve) => {
			const broken = request(`${server.tls}/v1/bulk`, {method: 'POST', rejectUnauthorized: false,
				headers: {Authorization: admin, ...NDJSON, 'Transfer-Encoding': 'chunked', 'Idempotency-Key': `broken-${i}`}});

			broken.on('error', resolve);
			broken.write(lines(...Array.from({length: 2000}, (_, j) => ({handle: name(`broken-${i}-${j}`), values: record(one(1))}))));
			broken.write('{"handle":"' + name('half'));
			setTimeout(() => {
				broken.destroy();
				resolve();
			}, 20 * (i % 4));
		});
	}
	// As many at once as there may be: none of those above still counts.
	for (let i = 0; i < 20; i++) {
		await done(bulk(lines({handle: name(`well-${i}`), values: record(one(1))})), 200);
	}
	await refused(ask('GET', `handles/${name('half')}`), 404, 100);
	const redone = await again(lines({handle: name('redo'), values: record(one(1))}), {'Idempotency-Key': 'broken-new'});

	assert.equal(redone.headers.get('idempotency-replayed'), null);
});

const code = await run();
await server.stop();
process.exit(code);
