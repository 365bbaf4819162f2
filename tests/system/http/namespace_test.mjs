// SPDX-License-Identifier: Apache-2.0
// Where the places of an identifier come from, and in which order: its own, those it includes, its URLs, those of its prefix;
// and the settings by which a record says otherwise. What counts is shown by action=showurls.
import net from 'node:net';
import {serverStart} from './node.mjs';
import {assert, run, test} from './tap.mjs';

const record = (handle, ...values) => ({handle, values: values.map(([type, data], i) => ({index: i + 1, type, data, ttl: 60}))});
const place = (name, more = '') => `<location href="https://${name}.example/" ${more}/>`;
const loc = (settings, ...places) => ['10320/loc', `<locations ${settings}>${places.join('')}</locations>`];
const namespace = (...locs) => ['HS_NAMESPACE', `<namespace>${locs.join('')}</namespace>`];
const URLS = [['URL', 'https://url.example/'], ['URL.a', 'https://sub.example/']];

const server = await serverStart({records: [
	record('0.NA/88.730', namespace('<locs>88.730/places</locs>')),
	record('88.730/places', loc('', place('prefix')), ['10320/headers', 'Sunset: of the prefix']),
	record('0.NA/88.731', namespace('<locs>88.731/places</locs>')),
	record('88.731/places', loc('', place('other'))),
	record('0.NA/88.730.1', namespace('<locs>88.730.1/places</locs>')),
	record('88.730.1/places', loc('', place('derived'))),
	record('88.730.1/PLAIN', ...URLS),
	record('0.NA/88.730.2', namespace('<locs no_nslocs="yes">88.731/places</locs>')),
	record('88.730.2/PLAIN', ...URLS),
	record('88.730.3/PLAIN', ...URLS),
	record('88.730/PLAIN', ...URLS),
	record('88.730/OWN', loc('', place('own')), ...URLS),
	record('88.730/ALONE', loc('no_nslocs="yes"', place('own')), ...URLS),
	record('88.730/NEW', loc('no_legacy="true"', place('own')), ...URLS),
	record('88.730/WEIGHTS', loc('urlWeight="5" urlSubtypeWeight="7"', place('own', 'weight="2"')), ...URLS),
	record('88.730/SUBTYPES', loc('no_nslocs="yes" urlWeight="5" urlSubtypeWeight="7"', place('own')), URLS[1]),
	record('88.730/FIRST', loc('urlWeight="5"', place('a')), loc('urlWeight="6" no_legacy="yes"', place('b')), ...URLS),
	record('88.730/INCLUDES', loc('include="88.732/INCLUDED"', place('own'), '<include>88.732/MORE</include>'), ...URLS),
	record('88.732/INCLUDED', loc('include="88.732/DEEPER"', place('included'))),
	record('88.732/DEEPER', loc('', place('deeper'))),
	record('88.732/MORE', loc('', place('more'))),
	record('88.732/NAMESPACE', loc('includeNamespace="0.NA/88.731"', place('own'))),
	record('88.730/OVER', loc('overridePrefix="0.NA/88.731"', place('own')), ...URLS),
	record('88.732/NAMED', loc('nshdl="88.731/places"', place('own')), ...URLS),
	record('88.730/NAMED', loc('nshdl="88.731/places"', place('own')), ...URLS),
	record('88.730/HEADERS', loc('', place('own')), ['10320/headers', 'X-Robots-Tag: own']),
	record('88.730/QUIET', loc('suppressNsHeaders="yes"', place('own'))),
	record('88.730/BESIDE', loc('suppressNsHeadersIfLocalHeaders="yes"', place('own')), ['10320/headers', 'X-Robots-Tag: own']),
	record('88.730/BARE', loc('suppressNsHeadersIfLocalHeaders="yes"', place('own'))),
	...['301', '302', '303', '307', '308'].map((status) => record(`88.732/${status}`, loc('', place('own', `http_sc="${status}"`)))),
]});

async function follow(path) {
	const answer = await fetch(`${server.url}/${path}`, {redirect: 'manual'});

	return {status: answer.status, headers: answer.headers, location: answer.headers.get('location'), text: await answer.text()};
}

// Name and weight of each place, in its order.
async function places(handle) {
	const {status, text} = await follow(`${handle}?action=showurls`);

	assert.equal(status, 200);
	return [...text.matchAll(/<location ([^>]*)\/>/g)].map(([, attributes]) =>
		/href="https:\/\/(\w+)\.example\/"/.exec(attributes)[1] + (/weight="([^"]*)"/.exec(attributes)?.[1] ?? ''));
}

async function counts(handle, ...expected) {
	assert.deepEqual(await places(handle), expected, handle);
}

test('URLs stand beside the places of the prefix with weight', () => counts('88.730/PLAIN', 'url1', 'sub0', 'prefix'));
test('and without it behind places of the record', () => counts('88.730/OWN', 'own', 'url0', 'sub0', 'prefix'));
test('a record without places of its prefix, and one without its URLs', async () => {
	await counts('88.730/ALONE', 'own', 'url0', 'sub0');
	await counts('88.730/NEW', 'own', 'prefix');
});
test('weights of URLs are as the record says, and the first that says so counts', async () => {
	await counts('88.730/WEIGHTS', 'own2', 'url5', 'sub7', 'prefix');
	await counts('88.730/SUBTYPES', 'own', 'sub5');
	await counts('88.730/FIRST', 'a', 'b', 'prefix');
});
test('what is included stands behind what is not, level by level', async () => {
	assert.deepEqual((await places('88.730/INCLUDES')).sort(), ['deeper', 'included', 'more', 'own', 'prefix', 'sub0', 'url0']);
	assert.deepEqual((await places('88.730/INCLUDES')).slice(0, 3), ['own', 'included', 'more']);
	await counts('88.732/NAMESPACE', 'own', 'other');
});
test('another prefix may be named in place of its own, and one where it has none', async () => {
	await counts('88.730/OVER', 'own', 'url0', 'sub0', 'other');
	await counts('88.732/NAMED', 'own', 'url0', 'sub0', 'other');
	await counts('88.730/NAMED', 'own', 'url0', 'sub0', 'prefix');
});
test('a derived prefix has its own places and those of the ones above, unless it says no', async () => {
	await counts('88.730.1/PLAIN', 'url1', 'sub0', 'derived');
	await counts('88.730.2/PLAIN', 'url1', 'sub0', 'other');
	await counts('88.730.3/PLAIN', 'url1', 'sub0', 'prefix');
});
test('headers of the prefix come along, unless the record says no', async () => {
	for (const [handle, sunset, robots] of [['HEADERS', 'of the prefix', 'own'], ['QUIET', null, null], ['BESIDE', null, 'own'],
		['BARE', 'of the prefix', null]]) {
		const {headers} = await follow(`88.730/${handle}?locatt=none`);

		assert.equal(headers.get('sunset'), sunset, handle);
		assert.equal(headers.get('x-robots-tag'), robots, handle);
	}
});
test('a status is as the place says, and 200 with the address where that is wished for', async () => {
	for (const status of [301, 302, 303, 307, 308]) {
		assert.equal((await follow(`88.732/${status}`)).status, status);
		const shown = await follow(`88.732/${status}?redirectionHeaders`);

		assert.equal(shown.status, 200);
		assert.equal(shown.location, 'https://own.example/');
	}
});
test('clients of HTTP/1.0 are told 301 or 302', async () => {
	const {hostname, port} = new URL(server.url);

	for (const [status, expected] of [[301, 301], [302, 302], [303, 302], [307, 302], [308, 302]]) {
		const text = await new Promise((resolve, reject) => {
			let got = '';
			const one = net.connect(Number(port), hostname, () => one.write(`GET /88.732/${status} HTTP/1.0\r\n\r\n`));

			one.on('data', (data) => { got += data; }).on('end', () => resolve(got)).on('error', reject);
		});

		assert.match(text, new RegExp(`^HTTP/1\\.[01] ${expected} `), `${status}`);
	}
});

const code = await run();
await server.stop();
process.exit(code);
