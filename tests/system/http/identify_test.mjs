// SPDX-License-Identifier: Apache-2.0
// GET and POST /v1/identify: what codes may be, and what they are mapped to. Of a node of our own.
import {CODES, PREFIX, serverStart} from './node.mjs';
import {assert, run, test} from './tap.mjs';

const server = await serverStart({settings: `\ncodes:\n  prefix: "${CODES}"\n`,
	codes: 'scheme,code,identifier,from,to,status\n' +
		`GTIN-13,9521234543213,${PREFIX}/DEMO,,,\n` +
		`oid,2.999.1,${PREFIX}/DEMO,,,\n` +
		`oid,2.999.2,${PREFIX}/GONE,,,withdrawn\n` +
		`oid,2.999.3,${PREFIX}/OLD,2020-01-01,2020-12-31,\n` +
		`oid,2.999.4,${PREFIX}/LATER,2999-01-01,,\n` +
		`oid,2.999.5,${PREFIX}/REVIEW,,,review\n`});

async function identify(code) {
	const answer = await fetch(`${server.url}/v1/identify?code=${encodeURIComponent(code)}`);

	return {status: answer.status, headers: answer.headers, json: await answer.json()};
}

async function identifyMany(body) {
	const answer = await fetch(`${server.url}/v1/identify`, {method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body),
		headers: {'Content-Type': 'application/json'}});

	return {status: answer.status, json: await answer.json()};
}

const mappings = (result) => result.candidates.flatMap((candidate) =>
	candidate.mappings.map((mapping) => `${mapping.scheme} ${mapping.code} = ${mapping.identifier}`));

test('a code is told with all that it may be, and why', async () => {
	const {status, json, headers} = await identify('9521234543213');

	assert.equal(status, 200);
	assert.equal(headers.get('cache-control'), 'no-store');
	assert.equal(json.code, '9521234543213');
	const gtin = json.candidates.find((candidate) => candidate.kind === 'GTIN-13');
	const gln = json.candidates.find((candidate) => candidate.kind === 'GLN');

	assert.equal(gtin.valid, true);
	assert.equal(gtin.normal, '01/09521234543213');
	assert.ok(gtin.reasons.some(({reason}) => reason === 'check-right'));
	assert.ok(gln.reasons.some(({reason}) => reason === 'shared'));
	assert.ok(json.tried.includes('uscc'));
});
test('a wrong check digit is told and never mended', async () => {
	const {json} = await identify('9521234543217');
	const [gtin] = json.candidates;

	assert.equal(gtin.valid, false);
	assert.deepEqual(gtin.reasons, [{reason: 'check-wrong', text: 'check digit is 7, should be 3'}]);
	assert.deepEqual(gtin.mappings, []);
});
test('a code leads to its identifier from each of its writings', async () => {
	for (const code of ['9521234543213', '09521234543213', '(01)09521234543213', 'https://x.example/01/09521234543213?17=301231']) {
		assert.deepEqual(mappings((await identify(code)).json), [`gs1 01/09521234543213 = ${PREFIX}/DEMO`], code);
	}
	assert.deepEqual(mappings((await identify('urn:oid:2.999.1')).json), [`oid 2.999.1 = ${PREFIX}/DEMO`]);
});
test('an identifier leads back to its codes, whatever its case', async () => {
	for (const handle of [`${PREFIX}/DEMO`, `hdl:${PREFIX}/demo`]) {
		assert.deepEqual(mappings((await identify(handle)).json).sort(),
			[`gs1 01/09521234543213 = ${PREFIX}/DEMO`, `oid 2.999.1 = ${PREFIX}/DEMO`], handle);
	}
});
test('only what holds now is told', async () => {
	for (const code of ['2.999.2', '2.999.3', '2.999.4', '2.999.5', '2.999.6']) {
		assert.deepEqual(mappings((await identify(code)).json), [], code);
	}
});
test('what nobody knows has no candidates and tells what was tried', async () => {
	const {status, json} = await identify('?');

	assert.equal(status, 200);
	assert.deepEqual(json.candidates, []);
	assert.ok(json.tried.length >= 10);
});
test('many codes are answered in their order', async () => {
	const codes = ['9521234543213', 'urn:oid:2.999.1', 'nonsense', '9521234543213'];

	for (const body of [codes, {codes}, {other: [1], codes, more: {}}]) {
		const {status, json} = await identifyMany(body);

		assert.equal(status, 200, JSON.stringify(json));
		assert.deepEqual(json.results.map(({code}) => code), codes);
		assert.deepEqual(mappings(json.results[1]), [`oid 2.999.1 = ${PREFIX}/DEMO`]);
	}
	assert.deepEqual((await identifyMany([])).json, {results: []});
});
test('256 codes may be asked for at once, and no more', async () => {
	const some = await identifyMany(Array(256).fill(`${PREFIX}/DEMO`));
	const more = await identifyMany(Array(257).fill('1'));

	assert.equal(some.status, 200);
	assert.equal(some.json.results.length, 256);
	assert.equal(mappings(some.json.results[255]).length, 2);
	assert.equal(more.status, 400);
	assert.match(more.json.detail, /codes: number 257 is more than the 256/);
});
test('an answer that would be too large says so', async () => {
	const {status, json} = await identifyMany(Array(256).fill('(01)09521234543213' + '(10)' + '"'.repeat(900)));

	assert.equal(status, 413);
	assert.match(json.detail, /ask for fewer/);
});
test('what is wrong with a request is said, and where', async () => {
	const long = 'x'.repeat(1025);

	for (const [wrong, message] of [
		[await fetch(`${server.url}/v1/identify`), /^code is missing/],
		[await fetch(`${server.url}/v1/identify?code=`), /^code "" is empty/],
		[await fetch(`${server.url}/v1/identify?code=${long}`), /^code "x+\.\.\." is longer than 1024 octets/],
		[await fetch(`${server.url}/v1/identify?code=%ff`), /is not UTF-8/],
		[await fetch(`${server.url}/v1/identify?code=%f`), /^The query has a %/],
	]) {
		const json = await wrong.json();

		assert.equal(wrong.status, 400);
		assert.equal(json.responseCode, 4);
		assert.match(json.detail, message);
	}
	for (const [body, message] of [['', /The body is no array/], ['{', /The body is no array/], ['{"codes":"1"}', /no array of codes/],
		['["1",', /The body is no JSON/], ['[1]', /holds a code that is no text/], ['["1"]x', /no JSON/],
		['{"codes":["1"],"codes":["2"]}', /no JSON/], ['["1",""]', /^codes: number 2 "" is empty/],
		[`["${long}"]`, /^codes: number 1 "x+\.\.\." is longer/], ['['.repeat(100), /The body|holds/]]) {
		const {status, json} = await identifyMany(body);

		assert.equal(status, 400, body);
		assert.match(json.detail, message, body);
	}
	assert.equal((await fetch(`${server.url}/v1/identify?code=${'x'.repeat(1024)}`)).status, 200);
});

test('a node without mappings does not say that there are none', async () => {
	const bare = await serverStart();
	const {candidates} = await (await fetch(`${bare.url}/v1/identify?code=9521234543213`)).json();

	await bare.stop();
	assert.equal(candidates.length, 2);
	assert.ok(candidates.every((candidate) => candidate.valid && !('mappings' in candidate)));
});

const code = await run();

await server.stop();
process.exit(code);
