// SPDX-License-Identifier: Apache-2.0
// Linksets (RFC 9264) of records, links of one relation, headers Link, withdrawn records. Of a node of our own.
import {CODES, PREFIX, serverStart} from './node.mjs';
import {assert, run, test} from './tap.mjs';
import {linksetCheck} from './linkset_check.mjs';
import {createRequire} from 'node:module';

process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
process.removeAllListeners('warning');

const LinkHeader = (() => {
	try {
		return createRequire(import.meta.url)('http-link-header');
	} catch {
		return null; // Judges were not installed: tools/install_judges.
	}
})();
const BASE = 'https://id.example.org';
const GS1 = 'https://ref.gs1.org/voc/';
const server = await serverStart({settings: `\nweb:\n  base_url: "${BASE}"\ncodes:\n  prefix: "${CODES}"\n`,
	codes: `scheme,code,identifier\nGTIN-13,9521234543213,${PREFIX}/LINKS\noid,2.999.1,${PREFIX}/LINKS\nUSCC,91350100M000100Y43,${PREFIX}/LINKS\n`});
const by = 'Basic ' + Buffer.from(encodeURIComponent(server.user) + ':' + server.secret).toString('base64');

async function put(suffix, values) {
	const answer = await fetch(`${server.tls}/api/handles/${encodeURIComponent(`${PREFIX}/${suffix}`)}`, {method: 'PUT',
		headers: {Authorization: by, 'Content-Type': 'application/json'},
		body: JSON.stringify(values.map(([index, type, data, ttl = 60]) => ({index, type, data, ttl})))});

	assert.equal(answer.status, 201, await answer.text());
}

async function ask(path, headers = {}) {
	const answer = await fetch(`${server.url}/${path}`, {redirect: 'manual', headers: {Accept: '*/*', ...headers}});
	const text = await answer.text();

	return {status: answer.status, location: answer.headers.get('location'), headers: answer.headers, text,
		json: /json/.test(answer.headers.get('content-type')) ? JSON.parse(text) : null};
}

const linksetOf = async (suffix, query = '') => {
	const answer = await ask(`${PREFIX}/${suffix}${query}`, {Accept: 'application/linkset+json'});

	assert.equal(answer.status, 200, answer.text);
	linksetCheck(answer.json);
	return answer.json.linkset[0];
};

await put('LINKS', [[1, 'URL', 'https://example.org/links'], [2, 'URL.gs1:pip', 'https://example.org/pip'],
	[3, 'URL.manual', 'https://example.org/manual'], [4, 'URL', 'javascript:alert(1)'], [5, 'DESC', 'x']]);
await put('LOC', [[1, 'URL', 'https://example.org/legacy'], [2, '10320/loc', '<locations>' +
	'<location href="https://example.org/hidden" weight="0"/>' +
	'<location href="https://example.org/en" rel="gs1:pip" hreflang="en" type="text/html" title="Product" weight="1"/>' +
	'<location href="https://example.org/zh" rel="gs1:pip" hreflang="zh-CN,zh" type="text/html" title="产品"/>' +
	'<location href_template="https://example.org/{hdl}" rel="describedby https://gs1.org/voc/masterData" type="application/json" country="cn"/>' +
	'<location href="ftp://files.example.org/x" rel="Not A Relation"/>' +
	'</locations>']]);

test('a record tells its links to whoever asks for a linkset', async () => {
	const links = await linksetOf('LINKS');

	assert.equal(links.anchor, `${BASE}/${PREFIX}/LINKS`);
	assert.deepEqual(links[`${GS1}defaultLink`], [{href: 'https://example.org/links', title: links.anchor}]);
	assert.deepEqual(links.describedby.map(({href}) => href), ['https://example.org/links', 'https://example.org/manual']);
	assert.equal(links.describedby[1].title, 'manual');
	assert.deepEqual(links[`${GS1}pip`].map(({href}) => href), ['https://example.org/pip']);
	assert.deepEqual(links.alternate, [{href: `${BASE}/api/handles/${PREFIX}/LINKS`, title: 'JSON', type: 'application/json'}]);
	assert.deepEqual(links['http://www.w3.org/2002/07/owl#sameAs'].map(({href}) => href).sort(),
		['https://id.gs1.org/01/09521234543213', 'urn:oid:2.999.1']);
});
test('a linkset is asked for in three ways', async () => {
	const first = await ask(`${PREFIX}/LINKS`, {Accept: 'application/linkset+json'});

	assert.equal(first.headers.get('content-type'), 'application/linkset+json');
	assert.match(first.headers.get('link'), /<https:\/\/ref\.gs1\.org\/standards\/resolver\/linkset-context>; rel="http:\/\/www\.w3\.org\/ns\/json-ld#context"; type="application\/ld\+json"/);
	assert.match(first.headers.get('vary'), /Accept, Accept-Language/);
	for (const [query, accept, type] of [['?linkType=linkset', '*/*', 'application/linkset+json'],
		['?linkType=all', '*/*', 'application/linkset+json'],
		['?linkType=linkset', 'text/html,*/*;q=0.8', 'application/json'],
		['?linkType=linkset', 'application/json', 'application/json'],
		['', 'application/linkset+json,text/html;q=0.9', 'application/linkset+json'],
		['', 'text/html,application/linkset+json', 'application/linkset+json']]) {
		const answer = await ask(`${PREFIX}/LINKS${query}`, {Accept: accept});

		assert.equal(answer.headers.get('content-type'), type, query + accept);
		assert.deepEqual(answer.json, first.json);
	}
});
test('who would rather have a page is led to one', async () => {
	for (const accept of ['text/html,application/linkset+json;q=0.5', '*/*', 'application/*', 'application/linkset+json;q=0',
		'application/linkset+json;profile=x']) {
		assert.equal((await ask(`${PREFIX}/LINKS`, {Accept: accept})).status, 302, accept);
	}
});
test('what a location says of itself is told', async () => {
	const links = await linksetOf('LOC');

	assert.deepEqual(links[`${GS1}pip`], [
		{href: 'https://example.org/en', title: 'Product', type: 'text/html', hreflang: ['en']},
		{href: 'https://example.org/zh', title: '产品', type: 'text/html', hreflang: ['zh-CN', 'zh']}]);
	assert.deepEqual(links[`${GS1}masterData`], [{href: `https://example.org/${encodeURIComponent(`${PREFIX}/LOC`)}`, title: links.anchor,
		type: 'application/json', context: ['cn']}]);
	assert.deepEqual(links.describedby.map(({href}) => href), ['https://example.org/legacy', 'https://example.org/hidden',
		`https://example.org/${encodeURIComponent(`${PREFIX}/LOC`)}`, 'ftp://files.example.org/x']);
	assert.equal(links[`${GS1}defaultLink`][0].href, 'https://example.org/en');
});
test('an alias names its record, and values can be chosen', async () => {
	await put('ALIAS', [[1, 'HS_ALIAS', `${PREFIX}/LINKS`]]);
	assert.equal((await linksetOf('ALIAS')).canonical[0].href, `${BASE}/${PREFIX}/LINKS`);
	assert.equal((await linksetOf('LINKS', '?type=URL.gs1:pip')).describedby, undefined);
});
test('a link is followed by its relation, in each of its writings', async () => {
	for (const type of ['gs1:pip', `${GS1}pip`, 'https://gs1.org/voc/pip', 'https://www.gs1.org/voc/pip']) {
		const {status, location} = await ask(`${PREFIX}/LINKS?linkType=${encodeURIComponent(type)}`);

		assert.equal(status, 307);
		assert.equal(location.split('?')[0], 'https://example.org/pip');
	}
	assert.equal((await ask(`${PREFIX}/LINKS?linkType=gs1:defaultLink`)).location, 'https://example.org/links?linkType=gs1:defaultLink');
});
test('of links alike, language, context and kind choose', async () => {
	const at = async (headers, more = '') => (await ask(`${PREFIX}/LOC?linkType=gs1:pip${more}`, headers)).location.split('?')[0];

	assert.equal(await at({'Accept-Language': 'zh-CN,en;q=0.5'}), 'https://example.org/zh');
	assert.equal(await at({'Accept-Language': 'zh-TW'}), 'https://example.org/zh');
	assert.equal(await at({'Accept-Language': 'de, en;q=0.1'}), 'https://example.org/en');
	assert.equal(await at({'Accept-Language': 'de'}), 'https://example.org/en');
	assert.equal(await at({}), 'https://example.org/en');
	await put('CONTEXT', [[1, '10320/loc', '<locations><location href="https://example.org/any" rel="gs1:pip" type="text/html"/>' +
		'<location href="https://example.org/cn" rel="gs1:pip" context="cn hk" type="text/html"/>' +
		'<location href="https://example.org/data" rel="gs1:pip" type="application/json"/></locations>']]);
	const choose = async (query, headers = {}) => (await ask(`${PREFIX}/CONTEXT?linkType=gs1:pip${query}`, headers)).location.split('?')[0];

	assert.equal(await choose('&context=HK'), 'https://example.org/cn');
	assert.equal(await choose('&context=us'), 'https://example.org/any');
	assert.equal(await choose('', {Accept: 'application/json'}), 'https://example.org/data');
});
test('links that say the same are all told: 300', async () => {
	await put('TWO', [[1, '10320/loc', '<locations><location href="https://example.org/1" rel="gs1:pip"/>' +
		'<location href="https://example.org/2" rel="gs1:pip"/><location href="https://example.org/3" rel="gs1:pip" hreflang="de"/></locations>']]);
	const answer = await ask(`${PREFIX}/TWO?linkType=gs1:pip`);

	assert.equal(answer.status, 300);
	linksetCheck(answer.json);
	assert.deepEqual(answer.json.linkset[0][`${GS1}pip`].map(({href}) => href), ['https://example.org/1', 'https://example.org/2']);
	assert.equal((await ask(`${PREFIX}/TWO?linkType=gs1:pip`, {'Accept-Language': 'de'})).location, 'https://example.org/3?linkType=gs1:pip');
});
test('a relation that is none, or that nothing has, is told', async () => {
	assert.equal((await ask(`${PREFIX}/LINKS?linkType=gs1:epil`)).status, 404);
	assert.match((await ask(`${PREFIX}/LINKS?linkType=gs1:epil`)).json.message, /^linkType: there is no link/);
	for (const type of ['', 'No', 'a b', '%22', `x:${'y'.repeat(300)}`]) {
		const answer = await ask(`${PREFIX}/LINKS?linkType=${encodeURIComponent(type)}`);

		assert.equal(answer.status, 400, type);
		assert.match(answer.json.message, /^linkType "/);
	}
});
test('the head of each answer says where the linkset is', async () => {
	for (const [suffix, query, status] of [['LINKS', '', 302], ['LOC', '', 302], ['LINKS', '?noredirect', 200]]) {
		const answer = await ask(`${PREFIX}/${suffix}${query}`);
		const header = answer.headers.get('link');

		assert.equal(answer.status, status);
		assert.ok(header.startsWith(`<${BASE}/${PREFIX}/${suffix}?linkType=linkset>; rel="linkset"; type="application/linkset+json"`), header);
		assert.ok(header.includes(`<${BASE}/api/handles/${PREFIX}/${suffix}>; rel="alternate"; type="application/json"`), header);
		assert.match(answer.headers.get('vary'), /Accept, /);
		if (LinkHeader !== null) {
			assert.equal(LinkHeader.parse(header).rel('linkset').length, 1);
		}
	}
});
test('links whose relation the record says are in the head, too', async () => {
	const header = (await ask(`${PREFIX}/LOC`)).headers.get('link');

	assert.ok(header.includes('<https://example.org/zh>; rel="https://ref.gs1.org/voc/pip"; type="text/html"; hreflang="zh-CN"; hreflang="zh"; ' +
		"title*=UTF-8''%E4%BA%A7%E5%93%81"), header);
	assert.ok(!header.includes('hidden'));
	if (LinkHeader !== null) {
		assert.deepEqual(LinkHeader.parse(header).get('rel', `${GS1}pip`).map(({uri, title}) => [uri, title]).slice(0, 1),
			[['https://example.org/en', 'Product']]);
	}
});
test('a head is never longer than its limit, and has whole links only', async () => {
	await put('MANY', [[1, '10320/loc', '<locations>' + Array.from({length: 200}, (_, i) =>
		`<location href="https://example.org/${'x'.repeat(50)}${i}" rel="gs1:pip" title="a &quot;b&quot; \\ c"/>`).join('') + '</locations>']]);
	const header = (await ask(`${PREFIX}/MANY`)).headers.get('link');

	assert.ok(header.length <= 4096 && header.length > 3900, String(header.length));
	assert.ok(header.endsWith('"'), header.slice(-80));
	if (LinkHeader !== null) {
		const parsed = LinkHeader.parse(header).get('rel', `${GS1}pip`);

		assert.ok(parsed.length > 20);
		assert.equal(parsed[0].title, 'a "b" \\ c');
	}
	assert.equal((await linksetOf('MANY'))[`${GS1}pip`].length, 200);
});
test('nothing that a record holds ends a header or a text early', async () => {
	await put('EVIL', [[1, '10320/loc', '<locations><location href="https://example.org/&quot;&gt;;x" rel="gs1:pip" ' +
		'title="a&#10;Set-Cookie: x" type="text/html&quot;, &lt;https://evil.example/&gt;; rel=&quot;next" hreflang="e&quot;n"/></locations>']]);
	const answer = await ask(`${PREFIX}/EVIL`);

	assert.equal(answer.headers.get('set-cookie'), null);
	assert.ok(!answer.headers.get('link').includes('evil'));
	assert.ok(answer.headers.get('link').includes('<https://example.org/%22%3E;x>; rel="https://ref.gs1.org/voc/pip"'), answer.headers.get('link'));
	const [link] = (await linksetOf('EVIL'))[`${GS1}pip`];

	assert.deepEqual(Object.keys(link), ['href', 'title']);
});
test('a record that was withdrawn is Gone, and says why', async () => {
	await put('GONE', [[1, 'URL', 'https://example.org/gone'], [2, 'TOMBSTONE', 'replaced by <another>']]);
	for (const query of ['', '?linkType=linkset', '?linkType=gs1:pip']) {
		const answer = await ask(`${PREFIX}/GONE${query}`);

		assert.equal(answer.status, 410);
		assert.equal(answer.location, null);
		assert.ok(answer.text.includes('replaced by &lt;another&gt;'));
	}
	assert.ok((await ask(`${PREFIX}/GONE`, {'Accept-Language': 'zh'})).text.includes('该标识已停用'));
	assert.equal((await ask(`${PREFIX}/GONE?noredirect`)).status, 200);
	assert.equal((await ask(`api/handles/${PREFIX}/GONE`)).status, 200);
});
test('info shows what is known, without leading on', async () => {
	for (const suffix of ['LINKS', 'GONE']) {
		const answer = await ask(`${PREFIX}/${suffix}?info`);

		assert.equal(answer.status, 200);
		assert.equal(answer.headers.get('content-type'), 'text/html;charset=utf-8');
	}
});
test('a record without any address has a linkset all the same', async () => {
	await put('BARE', [[1, 'DESC', 'x']]);
	const links = await linksetOf('BARE');

	assert.deepEqual(Object.keys(links), ['anchor', 'alternate']);
	assert.equal((await ask(`${PREFIX}/NONE`, {Accept: 'application/linkset+json'})).status, 404);
});
test('a record that passes suffixes on answers for its parts', async () => {
	const to = async (path) => (await ask(`${PREFIX}/${path}`)).location;

	await put('BOOK', [[1, 'URL', 'https://example.org/book'], [2, 'PASS_SUFFIX', '']]);
	await put('BOOK/c1', [[1, 'URL', 'https://example.org/one']]);
	await put('SHUT', [[1, 'URL', 'https://example.org/shut']]);
	assert.equal(await to('BOOK/c3/s5.pdf'), 'https://example.org/book/c3/s5.pdf');
	assert.equal(await to('BOOK.v2'), 'https://example.org/book.v2');
	assert.equal(await to('BOOK/c1'), 'https://example.org/one');
	assert.equal(await to('BOOK//evil.example'), 'https://example.org/book/%2Fevil.example');
	assert.equal(await to('BOOK/%3Fa=1%23b%0d%0aX:y'), 'https://example.org/book/%3Fa=1%23b%0D%0AX:y');
	assert.equal(await to('BOOK/1/2/3/4/5/6/7/8'), 'https://example.org/book/1/2/3/4/5/6/7/8');
	for (const path of ['BOOK/1/2/3/4/5/6/7/8/9', 'BOOK/c1/x', 'SHUT/x', 'BOOKS', 'BOO']) {
		assert.equal((await ask(`${PREFIX}/${path}`)).status, 404, path);
	}
});
test('a handle of any letters is one address', async () => {
	await put('a b"<>ä?#%/x', [[1, 'URL', 'https://example.org/odd']]);
	const {anchor} = await linksetOf(encodeURIComponent('a b"<>ä?#%/x'));

	assert.equal(anchor, `${BASE}/${PREFIX}/a%20b%22%3C%3E%C3%A4%3F%23%25/x`);
	const header = (await ask(`${PREFIX}/${encodeURIComponent('a b"<>ä?#%/x')}`)).headers.get('link');

	assert.ok(header.startsWith(`<${anchor}?linkType=linkset>`), header);
});

const code = await run();

await server.stop();
process.exit(code);
