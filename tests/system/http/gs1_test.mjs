// SPDX-License-Identifier: Apache-2.0
// GS1 Digital Links as a GS1-conformant resolver answers them. Of a node of our own.
import {CODES, PREFIX, serverStart} from './node.mjs';
import {assert, run, test} from './tap.mjs';
import {linksetCheck} from './linkset_check.mjs';
import {createRequire} from 'node:module';

process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
process.removeAllListeners('warning');

const digitalLink = (() => {
	try {
		return createRequire(import.meta.url)('digital-link.js');
	} catch {
		return null; // Judges were not installed: tools/install_judges.
	}
})();
const BASE = 'https://id.example.org';
const GS1 = 'https://ref.gs1.org/voc/';
const SAME = 'http://www.w3.org/2002/07/owl#sameAs';
const GTIN = '09521234543213';
const ITEM = `01/${GTIN}/10/LOT%2F1/21/S1`;
const server = await serverStart({records: [{handle: '8003/report', values: [{index: 1, type: 'URL', data: 'https://example.org/report'}]}],
	settings: `\nweb:\n  base_url: "${BASE}"\ncodes:\n  prefix: "${CODES}"\n`,
	codes: 'scheme,code,identifier,from,to,status\n' +
		`gs1,(01)${GTIN},${PREFIX}/KIND,,,\n` +
		`gs1,(01)${GTIN}(10)LOT/1,${PREFIX}/LOT,,,\n` +
		`gs1,(01)${GTIN}(10)LOT/1(21)S1,${PREFIX}/ITEM,,,\n` +
		`gs1,(01)${GTIN}(10)GONE,${PREFIX}/GONE,,,\n` +
		`gs1,(01)${GTIN}(10)OVER,${PREFIX}/LOT,2020-01-01,2020-12-31,\n` +
		`gs1,(01)${GTIN}(10)TAKEN,${PREFIX}/LOT,,,withdrawn\n` +
		`gs1,(01)${GTIN}(10)LATER,${PREFIX}/LOT,2999-01-01,,\n` +
		`gs1,(01)${GTIN}(10)NEW,${PREFIX}/LOT,2020-01-01,,\n` +
		`gs1,(01)${GTIN}(10)NEW,${PREFIX}/ITEM,2021-01-01,,\n` +
		`gs1,(01)${GTIN}(10)LOST,${PREFIX}/NOBODY,,,\n` +
		`SSCC,106141411234567897,${PREFIX}/BARE,,,\n` +
		`gs1,(414)9521321000018,${PREFIX}/MULTI,,,\n`});
const by = 'Basic ' + Buffer.from(encodeURIComponent(server.user) + ':' + server.secret).toString('base64');

async function put(suffix, values) {
	const answer = await fetch(`${server.tls}/api/handles/${encodeURIComponent(`${PREFIX}/${suffix}`)}`, {method: 'PUT',
		headers: {Authorization: by, 'Content-Type': 'application/json'},
		body: JSON.stringify(values.map(([index, type, data, ttl = 60]) => ({index, type, data, ttl})))});

	assert.equal(answer.status, 201, await answer.text());
}

async function ask(path, headers = {}, method = 'GET') {
	const answer = await fetch(`${server.url}/${path}`, {redirect: 'manual', method, headers: {Accept: '*/*', ...headers}});
	const text = await answer.text();

	return {status: answer.status, location: answer.headers.get('location'), headers: answer.headers, text,
		json: /json/.test(answer.headers.get('content-type')) && text !== '' ? JSON.parse(text) : null};
}

await put('KIND', [[1, 'URL', 'https://example.org/kind'], [2, 'URL.gs1:pip', 'https://example.org/kind/pip'],
	[3, 'URL.gs1:epil', 'https://example.org/kind/epil?a=1#part']]);
await put('LOT', [[1, 'URL', 'https://example.org/lot'], [2, 'URL.gs1:recallStatus', 'https://example.org/lot/recall']]);
await put('ITEM', [[1, 'URL.gs1:pip', 'https://example.org/item/pip']]);
await put('GONE', [[1, 'URL', 'https://example.org/gone'], [2, 'TOMBSTONE', 'recalled']]);
await put('BARE', [[1, 'DESC', 'a pallet']]);
await put('MULTI', [[1, '10320/loc', '<locations>' +
	'<location href="https://example.org/plain" rel="gs1:defaultLink" title="Plain"/>' +
	'<location href="https://example.org/de" rel="gs1:defaultLinkMulti" hreflang="de"/>' +
	'<location href="https://example.org/zh" rel="gs1:defaultLinkMulti" hreflang="zh"/>' +
	'<location href="https://example.org/kept" rel="gs1:pip" fwqs="false"/></locations>']]);

test('a code leads to the default link of its identifier', async () => {
	const {status, location, headers} = await ask(`01/${GTIN}`);

	assert.equal(status, 307);
	assert.equal(location, 'https://example.org/kind');
	assert.match(headers.get('cache-control'), /^public, max-age=60$/);
	assert.match(headers.get('vary'), /Accept, Accept-Language/);
	assert.equal((await ask(`01/${GTIN}`, {}, 'HEAD')).location, 'https://example.org/kind');
});
test('one code is one code in all its writings', async () => {
	for (const path of [`01/${GTIN}/`, '01/9521234543213', `01/${GTIN}/10/LOT%2f1/21/S1/`, `01/${GTIN}?17=301231&foo=bar`]) {
		assert.equal((await ask(path)).status, 307, path);
	}
	assert.equal((await ask('01/9521234543213')).location, 'https://example.org/kind');
});
test('what is not known of an item is asked of its lot, then of its kind', async () => {
	const to = async (query) => (await ask(`${ITEM}?linkType=${query}`)).location?.split('?')[0];

	assert.equal(await to('gs1:pip'), 'https://example.org/item/pip');
	assert.equal(await to('gs1:recallStatus'), 'https://example.org/lot/recall');
	assert.equal(await to('gs1:epil'), 'https://example.org/kind/epil');
	assert.equal((await ask(`${ITEM}?linkType=gs1:faqs`)).status, 404);
	assert.equal((await ask(`01/${GTIN}/10/LOT%2F1/21/OTHER`)).location, 'https://example.org/lot');
	assert.equal((await ask(`01/${GTIN}/10/OTHER/21/OTHER`)).location, 'https://example.org/kind');
	assert.equal((await ask(`01/${GTIN}/21/S1`)).location, 'https://example.org/kind');
	assert.equal((await ask(`01/${GTIN}/22/V/10/LOT%2F1`)).location, 'https://example.org/kind');
});
test('the query goes with the link, before its fragment', async () => {
	assert.equal((await ask(`01/${GTIN}?foo=bar&17=301231`)).location, 'https://example.org/kind?foo=bar&17=301231');
	assert.equal((await ask(`01/${GTIN}?linkType=gs1:epil&x=%22`)).location, 'https://example.org/kind/epil?a=1&linkType=gs1:epil&x=%22#part');
	assert.equal((await ask('414/9521321000018?linkType=gs1:pip&x=y')).location, 'https://example.org/kept');
	assert.equal((await ask(`01/${GTIN}?a=%0d%0aSet-Cookie:%20x`)).headers.get('set-cookie'), null);
});
test('a linkset has the links of each level', async () => {
	for (const [query, accept] of [['?linkType=linkset', '*/*'], ['', 'application/linkset+json']]) {
		const {status, json, headers} = await ask(ITEM + query, {Accept: accept});

		assert.equal(status, 200);
		assert.equal(headers.get('content-type'), 'application/linkset+json');
		linksetCheck(json);
		assert.deepEqual(json.linkset.map(({anchor}) => anchor), [`${BASE}/${ITEM}`, `${BASE}/01/${GTIN}/10/LOT%2F1`, `${BASE}/01/${GTIN}`]);
		assert.deepEqual(json.linkset[0][SAME].map(({href}) => href), [`https://id.gs1.org/${ITEM}`, `${BASE}/${PREFIX}/ITEM`]);
		assert.equal(json.linkset[2][`${GS1}defaultLink`][0].href, 'https://example.org/kind');
		assert.equal(json.linkset[0][`${GS1}pip`][0].href, 'https://example.org/item/pip');
	}
});
test('the default link is the most exact one, and one only', async () => {
	const {json} = await ask(`${ITEM}?linkType=linkset`);
	const [first] = json.linkset;

	assert.equal(first[`${GS1}defaultLink`][0].href, 'https://example.org/item/pip');
	assert.equal((await ask(ITEM)).location, 'https://example.org/item/pip');
});
test('a default for several languages is chosen by language only', async () => {
	const to = async (language) => (await ask('414/9521321000018', language ? {'Accept-Language': language} : {})).location;

	assert.equal(await to(null), 'https://example.org/plain');
	assert.equal(await to('de-AT,en;q=0.5'), 'https://example.org/de');
	assert.equal(await to('zh-CN'), 'https://example.org/zh');
	assert.equal(await to('fr'), 'https://example.org/plain');
	assert.equal(await to('*'), 'https://example.org/plain');
});
test('the head of a redirect says where the linkset is', async () => {
	const header = (await ask(`01/${GTIN}?a=b`)).headers.get('link');

	assert.ok(header.startsWith(`<${BASE}/01/${GTIN}?linkType=linkset>; rel="linkset"; type="application/linkset+json"`), header);
	assert.ok(!header.includes('voc/pip'), header);
});
test('what is no Digital Link is refused with the reason', async () => {
	for (const [path, why] of [['01/09521234543217', /check digit is 7, should be 3/], ['01/abc', /\(01\)/], [`01/${GTIN}/foo`, /a key, its qualifiers/],
		[`01/${GTIN}/10`, /a key/], [`01/${GTIN}/17/301231`, /\(17\) does not qualify/], [`01/${GTIN}/21/A/10/B`, /\(21\) does not qualify/],
		[`01/${GTIN}/10/${'x'.repeat(21)}`, /\(10\) has a wrong length/], [`01/${GTIN}/10/%E4`, /\(10\)/], [`01/${GTIN}/10/%zz`, /./], ['01/%01/22/A/10/B', /\(01\)/], ['01/%ff/22/A/21/B', /\(01\)/],
		['00/106141411234567890', /check digit is 0, should be 7/], ['8003/x', /\(8003\)/], [`01/x/y/01/${GTIN}`, /a key/],
		['01/', /a key/], [`01/${GTIN}//`, /a key/], [`01/${GTIN}/10/${'x'.repeat(1100)}`, /a key/], [`01/${GTIN}/01/${GTIN}`, /does not qualify|twice/]]) {
		const answer = await ask(path);

		assert.equal(answer.status, 400, `${path} ${answer.text}`);
		assert.equal(answer.json.responseCode, 4);
		assert.match(answer.json.message, /^The path ".*" is no GS1 Digital Link: [^,:]/s);
		assert.doesNotMatch(answer.json.message, /[,:] *$|, ,|: ,|[a-z]\(/, path);
		assert.match(answer.json.message, why, path);
	}
});
test('what was retired is Gone, at its own level', async () => {
	for (const [lot, text] of [['GONE', 'recalled'], ['OVER', 'withdrawn'], ['TAKEN', 'withdrawn']]) {
		const answer = await ask(`01/${GTIN}/10/${lot}`);

		assert.equal(answer.status, 410, lot);
		assert.ok(answer.text.includes(text));
		assert.equal((await ask(`01/${GTIN}/10/${lot}/21/X`)).status, 410);
	}
	assert.equal((await ask(`01/${GTIN}/10/GONE?info`)).status, 200);
});
test('what does not hold yet is not there, and the newest holds', async () => {
	assert.equal((await ask(`01/${GTIN}/10/LATER`)).location, 'https://example.org/kind');
	assert.equal((await ask(`01/${GTIN}/10/NEW`)).location, 'https://example.org/item/pip');
	assert.equal((await ask(`01/${GTIN}/10/LOST`)).location, 'https://example.org/kind');
});
test('a code that nobody mapped is not found, and counted so', async () => {
	const count = async () => Number(/^houji_answers_not_found_total (\d+)$/m.exec(await (await fetch(`${server.url}/metrics`)).text())[1]);
	const before = await count();

	for (const path of ['01/09521321000025', '8004/0614141AB', '414/9521234543213']) {
		const answer = await ask(path);

		assert.equal(answer.status, 404, `${path} ${answer.text}`);
		assert.ok(!answer.headers.get('cache-control').includes('public'));
	}
	assert.equal(await count(), before + 3);
});
test('an identifier without an address is shown, and info shows any', async () => {
	const bare = await ask('00/106141411234567897');

	assert.equal(bare.status, 200);
	assert.ok(bare.text.includes('a pallet'));
	assert.ok((await ask(`01/${GTIN}?info`)).text.includes('https://example.org/kind'));
});
test('a handle that looks like a code stays a handle', async () => {
	assert.equal((await ask('8003/report')).location, 'https://example.org/report');
	assert.equal((await ask('8003/other')).status, 400);
	assert.equal((await ask(`${PREFIX}/KIND`)).status, 302);
	assert.equal((await ask('10/ABC')).status, 404);
	assert.equal((await ask('20/1')).status, 404);
});
test('the resolver describes itself', async () => {
	const {status, json, headers} = await ask('.well-known/gs1resolver', {Accept: 'application/json'});

	assert.equal(status, 200);
	assert.match(headers.get('content-type'), /^application\/json/);
	assert.equal(json.resolverRoot, BASE);
	assert.ok(['00', '01', '253', '414', '8003', '8018'].every((key) => json.supportedPrimaryKeys.includes(key)));
	assert.ok(!json.supportedPrimaryKeys.includes('10'));
	assert.deepEqual(json.supportedLinkType[0], {namespace: GS1, prefix: 'gs1:'});
});
test('pages of any origin may ask, and see the head', async () => {
	const answer = await ask(`01/${GTIN}`, {Origin: 'https://a.example'});

	assert.equal(answer.headers.get('access-control-allow-origin'), 'https://a.example');
	assert.match(answer.headers.get('access-control-expose-headers'), /Link/);
	assert.match((await ask(`01/${GTIN}`, {Origin: 'https://a.example'}, 'OPTIONS')).headers.get('allow'), /GET.*HEAD.*OPTIONS/);
});
test('what an outside library makes is read, and what it refuses is refused', async () => {
	if (digitalLink === null) {
		return;
	}
	const {DigitalLink} = digitalLink;
	const made = DigitalLink({domain: server.url, identifier: {'01': GTIN}, keyQualifiers: {10: 'OTHER', 21: 'S1'}, attributes: {17: '301231'}});

	assert.ok(made.isValid());
	assert.equal((await ask(made.toWebUriString().slice(server.url.length + 1))).location, 'https://example.org/kind?17=301231');
	for (const path of ['01/09521234543217', `01/${GTIN}/foo`, `01/${GTIN}/10`, `01/${GTIN}/21/A/10/B`]) {
		let isValid = false;

		try {
			isValid = DigitalLink(`https://example.org/${path}`).isValid();
		} catch {
			isValid = false;
		}
		assert.equal(isValid, false, path);
		assert.equal((await ask(path)).status, 400, path);
	}
});
test('without mappings there is no resolver of GS1', async () => {
	const bare = await serverStart();
	const description = await fetch(`${bare.url}/.well-known/gs1resolver`);
	const answer = await fetch(`${bare.url}/01/${GTIN}`, {redirect: 'manual'});

	await description.text();
	await answer.text();
	await bare.stop();
	assert.equal(description.status, 404);
	assert.equal(answer.status, 404);
});

const code = await run();

await server.stop();
process.exit(code);
