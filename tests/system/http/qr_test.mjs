// SPDX-License-Identifier: Apache-2.0
// QR codes over HTTP and of `houji qr`, read by zbarimg. Of a node of our own.
import {CODES, PREFIX, serverStart} from './node.mjs';
import {assert, run, test} from './tap.mjs';
import {execFileSync, spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

const BASE = 'https://id.example.org';
const server = await serverStart({settings: `\nweb:\n  base_url: "${BASE}"\ncodes:\n  prefix: "${CODES}"\n`,
	codes: `scheme,code,identifier\nGTIN-13,9521234543213,${PREFIX}/DEMO\n`,
	records: [{handle: `${PREFIX}/标识 "1"`, values: [{index: 1, type: 'URL', data: 'https://example.org/'}]},
		{handle: `${PREFIX}/${'L'.repeat(900)}`, values: [{index: 1, type: 'URL', data: 'https://example.org/'}]},
		{handle: `${PREFIX}/${'L'.repeat(1100)}`, values: [{index: 1, type: 'URL', data: 'https://example.org/'}]}]});
const folder = mkdtempSync(join(tmpdir(), 'houji-qr-'));

async function ask(path, headers = {}) {
	const answer = await fetch(`${server.url}/qr/${path}`, {headers});

	return {status: answer.status, headers: answer.headers, octets: Buffer.from(await answer.arrayBuffer())};
}

// What zbarimg reads in an image; any image that it knows.
function read(octets, name) {
	const path = join(folder, name);

	writeFileSync(path, octets);
	return execFileSync('zbarimg', ['--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', path],
		{encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']}).replace(/\n$/, '');
}

// A grey image of modules, eight pixels each.
function picture(side, isDark) {
	const octets = Buffer.alloc(side * side * 64, 255);

	for (let y = 0; y < side * 8; y++) {
		for (let x = 0; x < side * 8; x++) {
			octets[y * side * 8 + x] = isDark(x >> 3, y >> 3) ? 0 : 255;
		}
	}
	return Buffer.concat([Buffer.from(`P5\n${side * 8} ${side * 8}\n255\n`), octets]);
}

function readSvg(octets, name) {
	const svg = octets.toString();
	const [, side] = /viewBox="0 0 (\d+) \1"/.exec(svg);
	const dark = new Set();

	for (const [, x, y, size] of svg.slice(svg.indexOf('z"/><path')).matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)) {
		for (let i = 0; i < Number(size); i++) {
			dark.add(`${Number(x) + i},${y}`);
		}
	}
	return read(picture(Number(side), (x, y) => dark.has(`${x},${y}`)), name);
}

const pngSize = (octets) => [octets.readUInt32BE(16), octets.readUInt32BE(20)];

function houji(...words) {
	const done = spawnSync(process.env.HOUJI, ['qr', ...words], {env: {...process.env, LC_ALL: 'C.UTF-8'}});

	return {code: done.status, octets: done.stdout, error: String(done.stderr)};
}

test('an SVG and a PNG hold the address of the identifier', async () => {
	const svg = await ask(`${PREFIX}/DEMO`);
	const png = await ask(`${PREFIX}/DEMO?format=png`);

	assert.equal(svg.status, 200);
	assert.equal(svg.headers.get('content-type'), 'image/svg+xml');
	assert.equal(png.headers.get('content-type'), 'image/png');
	assert.equal(readSvg(svg.octets, 'a.pgm'), `${BASE}/${PREFIX}/DEMO`);
	assert.equal(read(png.octets, 'a.png'), `${BASE}/${PREFIX}/DEMO`);
});
test('whatever a handle is made of, its address is read', async () => {
	const path = `${PREFIX}/${encodeURIComponent('标识 "1"')}`;

	assert.equal(read((await ask(`${path}?format=png`)).octets, 'b.png'), `${BASE}/${PREFIX}/%E6%A0%87%E8%AF%86%20%221%22`);
});
test('level, size and margin are as asked for', async () => {
	for (const level of 'LMQHq') {
		assert.equal(read((await ask(`${PREFIX}/DEMO?format=png&level=${level}`)).octets, 'c.png'), `${BASE}/${PREFIX}/DEMO`);
	}
	for (const [size, margin] of [[100, 4], [300, 0], [1000, 32], [2048, 4], [0, 4]]) {
		const {octets} = await ask(`${PREFIX}/DEMO?format=png&size=${size}&margin=${margin}`);
		const [width, height] = pngSize(octets);

		assert.equal(width, height);
		assert.ok(size === 0 ? width % 8 === 0 : width <= size && width > size - 29 - 2 * margin - 10, `${size} ${width}`);
		if (margin >= 4 && size !== 100) {
			assert.equal(read(octets, 'd.png'), `${BASE}/${PREFIX}/DEMO`);
		}
	}
});
test('the header Accept decides when nothing else does', async () => {
	for (const [accept, type] of [['image/png', 'image/png'], ['image/avif,image/webp,*/*', 'image/svg+xml'],
		['image/png,image/svg+xml;q=0.5', 'image/png'], ['*/*', 'image/svg+xml']]) {
		const answer = await ask(`${PREFIX}/DEMO`, {Accept: accept});

		assert.equal(answer.headers.get('content-type'), type, accept);
		assert.match(answer.headers.get('vary'), /Accept/);
	}
});
test('an image may be kept, and is not sent twice', async () => {
	const first = await ask(`${PREFIX}/DEMO`);

	assert.match(first.headers.get('cache-control'), /^public, max-age=86400$/);
	assert.equal((await ask(`${PREFIX}/DEMO`, {'If-None-Match': first.headers.get('etag')})).status, 304);
});
test('a GS1 code has a code, and a wrong one never', async () => {
	assert.equal(read((await ask('01/9521234543213?format=png')).octets, 'e.png'), `${BASE}/01/09521234543213`);
	const wrong = await ask('01/9521234543217');

	assert.equal(wrong.status, 400);
	assert.match(String(wrong.octets), /check digit is 7, should be 3/);
});
test('what is not here has no code', async () => {
	for (const [path, status] of [[`${PREFIX}/NONE`, 404], ['99.99/x', 404], ['x', 404], ['%zz', 400], ['%ff', 400]]) {
		const answer = await ask(path);

		assert.equal(answer.status, status, path);
		assert.ok(!/image/.test(answer.headers.get('content-type')));
	}
	assert.equal((await ask(`${PREFIX}/PRIVATE`)).status, 200);
});
test('what cannot be asked for is told', async () => {
	for (const [query, why] of [['size=2049', /^size "2049" is no number from 0 to 2048/], ['size=-1', /^size/], ['size=x', /^size/], ['margin=33', /^margin/],
		['level=X', /^level "X" is none of/], ['format=gif', /^format "gif"/], ['size=20', /^size is less than one pixel/]]) {
		const answer = await ask(`${PREFIX}/DEMO?${query}`);

		assert.equal(answer.status, 400, query);
		assert.match(JSON.parse(answer.octets).message, why);
	}
	assert.equal((await ask(`${PREFIX}/${'L'.repeat(900)}`)).status, 200);
	assert.equal((await ask(`${PREFIX}/${'L'.repeat(1100)}`)).status, 400);
});
test('the command makes the same, as image and in the terminal', async () => {
	const png = houji('--base', BASE, '--png', '-', `${PREFIX}/DEMO`);

	assert.equal(png.code, 0, png.error);
	assert.deepEqual(png.octets, (await ask(`${PREFIX}/DEMO?format=png`)).octets);
	assert.deepEqual(houji('--base', BASE, '--svg', '-', `${PREFIX}/DEMO`).octets, (await ask(`${PREFIX}/DEMO`)).octets);
	const lines = String(houji('--base', BASE, `${PREFIX}/DEMO`).octets).trimEnd().split('\n')
		.map((line) => [...line.replaceAll(/\x1b\[[0-9;]*m/g, '')]);

	assert.equal(read(picture(lines[0].length, (x, y) => {
		const character = lines[y >> 1]?.[x];

		return character === '█' || character === (y % 2 === 0 ? '▀' : '▄');
	}), 'f.pgm'), `${BASE}/${PREFIX}/DEMO`);
});
test('the command writes files, takes texts and the settings of a node', async () => {
	const path = join(folder, 'g.png');
	const node = join(folder, 'node');

	assert.equal(houji('--text', '--png', path, '--level', 'H', '--size', '400', 'hdl:88.1/x').code, 0);
	assert.equal(read(readFileSync(path), 'h.png'), 'hdl:88.1/x');
	execFileSync(process.env.HOUJI, ['init', node, '--prefix', PREFIX, '--listen', '127.0.0.1:0']);
	assert.match(houji('--dir', node, 'x').error, /web\.base_url is not set/);
	writeFileSync(join(node, 'houji.yaml'), 'web:\n  base_url: "http://a.example/b"\n');
	assert.equal(read(houji('--dir', node, '--png', '-', '88.1/a b').octets, 'i.png'), 'http://a.example/b/88.1/a%20b');
});
test('the command says what is wrong', () => {
	for (const words of [[], ['x'], ['--text'], ['--text', '--base', BASE, 'x'], ['--text', 'a', 'b'], ['--text', '--level', 'Z', 'x'],
		['--text', '--size', '2049', 'x'], ['--text', '--margin', '33', 'x'], ['--base', 'nowhere', 'x'], ['--base', `${BASE}/`, 'x'],
		['--text', '--svg', '-', '--png', '-', 'x']]) {
		assert.equal(houji(...words).code, 2, words.join(' '));
	}
	assert.equal(houji('--text', '--size', '20', 'x').code, 1);
	assert.match(houji('--text', '--size', '20', 'x').error, /needs 29 pixels/);
	assert.equal(houji('--text', 'x'.repeat(1025)).code, 1);
	assert.equal(houji('--text', '').code, 1);
	assert.equal(houji('--text', '--svg', join(folder, 'no', 'where'), 'x').code, 1);
	assert.equal(houji('--dir', join(folder, 'none'), 'x').code, 1);
});
test('a node that does not know its address makes none', async () => {
	const bare = await serverStart();
	const answer = await fetch(`${bare.url}/qr/${PREFIX}/DEMO`);
	const {message} = await answer.json();

	await bare.stop();
	assert.equal(answer.status, 404);
	assert.match(message, /web\.base_url is not set/);
});

const code = await run();

await server.stop();
rmSync(folder, {recursive: true});
process.exit(code);
