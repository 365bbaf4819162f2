// SPDX-License-Identifier: Apache-2.0
// GET /v1/search: handles by their values, where an index is configured.
import {execFileSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {PREFIX} from './node.mjs';

process.env.HOUJI_TEST_SETTINGS = 'search:\n  index: ["URL", "EMAIL"]\n';
const {ask, done, name, record, refused, server} = await import('./v1_client.mjs');
const {assert, run, test} = await import('./tap.mjs');

const value = (index, type, data, more = {}) => ({index, type, data: {format: 'string', value: data}, ...more});
const query = (parameters) => `search?${new URLSearchParams({prefix: PREFIX, type: 'URL', ...parameters})}`;

// What is found once the index knows the last change.
async function found(parameters, after) {
	for (let i = 0; i < 100; i++) {
		const answer = await done(ask('GET', query(parameters)), 200);

		if (answer.json.version >= after) {
			return answer.json;
		}
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	throw new Error('the index does not follow');
}
const handles = ({found: items}) => items.map(({handle}) => handle);
const put = async (suffix, ...values) => (await done(ask('PUT', `handles/${name(suffix)}`, record(...values)), 201)).json.version;

test('a handle is found by its value, and only by that', async () => {
	const version = await put('a', value(1, 'URL', 'https://example.org/a'), value(2, 'EMAIL', 'a@example.org'));
	const one = await found({value: 'https://example.org/a'}, version);

	assert.deepEqual(handles(one), [name('a')]);
	assert.equal(one.found[0].version, version);
	assert.equal(one.found[0].value.index, 1);
	assert.equal(one.next, undefined);
	assert.deepEqual(handles(await found({value: 'https://example.org/'}, version)), []);
	assert.deepEqual(handles(await found({type: 'EMAIL', value: 'a@example.org'}, version)), [name('a')]);
	assert.deepEqual(handles(await found({type: 'EMAIL', value: 'https://example.org/a'}, version)), []);
	assert.deepEqual(handles(await found({value: 'https://example.org/a', prefix: PREFIX.toLowerCase()}, version)), [name('a')]);
});
test('what was loaded before the index is in it', async () =>
	assert.deepEqual(handles(await found({value: 'https://example.org/demo'}, 1)), [`${PREFIX}/DEMO`]));
test('a changed value is found anew, and not as it was', async () => {
	await put('b', value(1, 'URL', 'https://old.example/'));
	const {json: {version}} = await done(ask('PATCH', `handles/${name('b')}`, [value(1, 'URL', 'https://new.example/')]), 200);

	assert.deepEqual(handles(await found({value: 'https://new.example/'}, version)), [name('b')]);
	assert.deepEqual(handles(await found({value: 'https://old.example/'}, version)), []);
	const gone = (await done(ask('DELETE', `handles/${name('b')}`), 200)).json.version;

	assert.deepEqual(handles(await found({value: 'https://new.example/'}, gone)), []);
});
test('values that not everybody may read are not in it', async () => {
	const version = await put('private', value(1, 'URL', 'https://secret.example/', {permissions: '1100'}));

	assert.deepEqual(handles(await found({value: 'https://secret.example/'}, version)), []);
	const {json} = await done(ask('PATCH', `handles/${name('private')}`, [value(1, 'URL', 'https://secret.example/')]), 200);

	assert.deepEqual(handles(await found({value: 'https://secret.example/'}, json.version)), [name('private')]);
});
test('pages have each once, in the order of the values', async () => {
	let version;

	for (let i = 0; i < 25; i++) {
		version = await put(`page-${i}`, value(1, 'URL', `https://page.example/${String(24 - i).padStart(2, '0')}`));
	}
	const all = [];
	let after;

	do {
		const page = await found({value: 'https://page.example/', beginning: 'true', limit: '4', ...(after ? {after} : {})}, version);

		assert.ok(page.found.length <= 4);
		all.push(...page.found);
		after = page.next;
	} while (after);
	assert.deepEqual(all.map((item) => item.value.data.value),
		Array.from({length: 25}, (_, i) => `https://page.example/${String(i).padStart(2, '0')}`));
	assert.equal((await found({value: 'https://page.example/', beginning: 'true', limit: '25'}, version)).found.length, 25);
});
test('many may have the same value, and one many values', async () => {
	await put('same-1', value(1, 'URL', 'https://same.example/'), value(2, 'URL', 'https://other.example/'));
	const version = await put('same-2', value(1, 'URL', 'https://same.example/'), value(2, 'URL', 'https://same.example/'));

	assert.deepEqual(handles(await found({value: 'https://same.example/'}, version)).sort(), [name('same-1'), name('same-2')]);
	assert.deepEqual(handles(await found({value: 'https://other.example/'}, version)), [name('same-1')]);
});
test('long values are told apart behind what the index keeps', async () => {
	const long = 'https://long.example/' + 'x'.repeat(400);

	await put('long-1', value(1, 'URL', long + '1'));
	const version = await put('long-2', value(1, 'URL', long + '2'));

	assert.deepEqual(handles(await found({value: long + '2'}, version)), [name('long-2')]);
	assert.equal((await found({value: long, beginning: 'true'}, version)).found.length, 2);
	assert.equal((await found({value: long}, version)).found.length, 0);
});
test('without a value all of the type are found', async () => {
	const version = await put('all', value(1, 'EMAIL', 'all@example.org'));
	const all = handles(await found({type: 'EMAIL', limit: '100'}, version));

	assert.ok(all.includes(name('all')) && all.includes(name('a')) && !all.includes(name('long-1')));
});
test('who may not list may not search', async () => {
	await refused(ask('GET', query({value: 'x'}), undefined, {by: null}), 401, 402);
	await refused(ask('GET', query({value: 'x'}), undefined, {by: null, base: server.url}), 403, 402);
	await refused(ask('GET', query({prefix: '99.9'})), 400, 301);
});
test('what is wrong with a question is said', async () => {
	assert.match((await refused(ask('GET', query({type: 'NOTE'})), 400, 4)).detail, /search\.index/);
	await refused(ask('GET', 'search?type=URL'), 400, 4);
	await refused(ask('GET', `search?prefix=${PREFIX}`), 400, 4);
	await refused(ask('GET', query({prefix: 'a/b'})), 400, 4);
	await refused(ask('GET', query({limit: '0'})), 400, 4);
	await refused(ask('GET', query({limit: '101'})), 400, 4);
	await refused(ask('GET', query({after: '!'})), 400, 4);
	await refused(ask('GET', query({after: 'A'.repeat(700)})), 400, 4);
});
test('a next of another question begins where this one does', async () => {
	const version = await put('next', value(1, 'EMAIL', 'next@example.org'));
	const {next} = await found({type: 'EMAIL', limit: '1'}, version);

	assert.deepEqual(handles(await found({value: 'https://example.org/a', after: next}, version)), [name('a')]);
});
test('the index is thrown away and made again with other types, and by repair', async () => {
	const index = join(server.directory, 'view', 'search.mdb');

	assert.ok(existsSync(index));
	await server.stopKeeping();
	execFileSync(process.env.HOUJI, ['repair', server.directory, '--quiet'], {stdio: 'ignore'});
	assert.ok(!existsSync(index));
	const again = await server.startAgain();
	const answer = async () => (await fetch(`${again.tls}/v1/${query({value: 'https://example.org/a'})}`,
		{headers: {Authorization: 'Basic ' + Buffer.from(encodeURIComponent(server.user) + ':' + server.secret).toString('base64')}})).json();
	let told;

	for (let i = 0; i < 100 && !(told?.found?.length > 0); i++) {
		told = await answer();
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	assert.deepEqual(handles(told), [name('a')]);
	await again.stop();
});

process.exit(await run());
