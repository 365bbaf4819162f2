// SPDX-License-Identifier: Apache-2.0
// Pages as people meet them: in a browser, on a phone, in the dark, without a mouse, in two languages. The judge of what
// everybody can use is axe-core; SCREENSHOTS=FOLDER keeps pictures of what it saw.
import {existsSync, mkdirSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {PREFIX, serverStart} from './node.mjs';
import {assert, run, test} from './tap.mjs';

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';
let chromium;
let axe;
try {
	({chromium} = await import('playwright-core'));
	axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
} catch {
	console.log('1..0 # SKIP playwright-core and axe-core are not there: tools/install_judges');
	process.exit(0);
}
if (!existsSync(EXECUTABLE)) {
	console.log(`1..0 # SKIP there is no ${EXECUTABLE}: apt-get install chromium`);
	process.exit(0);
}
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
process.removeAllListeners('warning');

const server = await serverStart({settings: 'web:\n  destinations: ["* example.org"]\n  leaving_page: true\n'});
const browser = await chromium.launch({executablePath: EXECUTABLE, args: ['--no-sandbox', '--disable-gpu']});
const by = 'Basic ' + Buffer.from(encodeURIComponent(server.user) + ':' + server.secret).toString('base64');
const name = (suffix) => `${PREFIX}/${suffix}-${process.pid}`;
const SIZES = {phone: {width: 390, height: 844}, small: {width: 320, height: 640}, desktop: {width: 1280, height: 900}};

async function put(handle, values) {
	const answer = await fetch(`${server.tls}/api/handles/${encodeURIComponent(handle)}`, {method: 'PUT',
		headers: {Authorization: by, 'Content-Type': 'application/json'},
		body: JSON.stringify(values.map(([index, type, data]) => ({index, type, data, ttl: 60})))});

	assert.ok(answer.ok, await answer.text());
}

async function look(path, {size = 'desktop', locale = 'en', colorScheme = 'light', bypassCSP = false} = {}, body) {
	const context = await browser.newContext({viewport: SIZES[size], locale, colorScheme, bypassCSP});
	const page = await context.newPage();
	const seen = {console: [], dialogs: 0, requests: []};

	page.on('console', (message) => seen.console.push(message.text()));
	page.on('dialog', (dialog) => { seen.dialogs++; dialog.dismiss(); });
	page.on('request', (request) => seen.requests.push(request.url()));
	try {
		seen.answer = await page.goto(`${server.url}/${path}`);
		return await body(page, seen);
	} finally {
		await context.close();
	}
}

await put(name('PUMP'), [[1, 'URL', 'https://example.org/pump'], [2, 'NAME', '离心泵 CP-7 Centrifugal pump'],
	[3, 'DESC', 'Stainless steel pump for clean water, 7.5 kW.\nServiced every 4000 hours.'],
	[4, 'IMAGE', `${server.url}/static/none.png`], [2000, 'serialNumber', 'CP7-2026-000184'], [2001, '生产日期', '2026-10-31'],
	[5, 'EMAIL', 'service@example.org'], [2002, 'x'.repeat(80), 'y'.repeat(400)]]);
await put(name('AWAY'), [[1, 'URL', `https://${'away.'.repeat(20)}example.net/${'x'.repeat(200)}`]]);
const PAGES = {leave: name('AWAY'), start: '', record: `${name('PUMP')}?noredirect`, missing: `${name('NONE')}/`, admin: `${PREFIX}/DEMO?noredirect`};

for (const [what, path] of Object.entries(PAGES)) {
	for (const [size, locale, colorScheme] of [['desktop', 'en', 'light'], ['phone', 'zh-CN', 'light'], ['desktop', 'zh-CN', 'dark'],
		['phone', 'en', 'dark']]) {
		test(`everybody can use the page "${what}" (${size}, ${locale}, ${colorScheme})`, () =>
			look(path, {size, locale, colorScheme, bypassCSP: true}, async (page) => {
				await page.addScriptTag({path: axe});
				const verdict = await page.evaluate(() => globalThis.axe.run(document, {resultTypes: ['violations']}));

				assert.deepEqual(verdict.violations.map(({id, nodes}) => [id, nodes.map(({html}) => html)]), []);
				assert.equal(await page.getAttribute('html', 'lang'), locale);
				if (process.env.SCREENSHOTS) {
					await page.screenshot({fullPage: true,
						path: join(process.env.SCREENSHOTS, `${what}-${size}-${locale}-${colorScheme}.png`)});
				}
			}));
	}
	test(`nothing of the page "${what}" is wider than a small phone`, () => look(path, {size: 'small'}, async (page) => {
		for (const group of await page.$$('details')) {
			await group.evaluate((element) => { element.open = true; });
		}
		const [wide, visible] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);

		assert.ok(wide <= visible, `${wide} > ${visible}`);
	}));
}
test('a page loads what the node serves and the picture of the record, and complains of nothing', () =>
	look(PAGES.record, {}, async (page, seen) => {
		assert.equal(seen.answer.status(), 200);
		assert.ok(seen.requests.every((url) => url.startsWith(server.url)), String(seen.requests));
		assert.ok(seen.requests.includes(`${server.url}/static/none.png`));
		assert.deepEqual(seen.console.filter((text) => /Content Security Policy|refused/i.test(text)), []);
		assert.notEqual(await page.evaluate(() => getComputedStyle(document.body).margin), '8px');
	}));
test('what a record holds runs nowhere and makes no element', async () => {
	const evil = '"><script>alert(1)</script><img src=x onerror=alert(2)>\'';

	await put(name('EVIL'), [[1, 'NAME', evil], [2, evil, evil], [3, 'IMAGE', 'javascript:alert(3)'], [4, 'DESC', `<svg onload=alert(4)>`],
		[5, 'URL', 'javascript:alert(5)'], [6, 'HS_ALIAS', name('EVIL')], [7, 'IMAGE', 'https://example.org/a"onerror=alert(6)']]);
	await look(`${name('EVIL')}?noredirect`, {bypassCSP: true}, async (page, seen) => {
		assert.equal(seen.dialogs, 0);
		assert.equal(await page.evaluate(() => document.querySelectorAll('script, svg, iframe, object').length), 0);
		assert.ok(await page.evaluate(() => [...document.querySelectorAll('*')].every((element) =>
			[...element.attributes].every(({name: attribute}) => !attribute.startsWith('on')))));
		assert.ok(await page.evaluate(() => [...document.querySelectorAll('a')].every(({protocol}) => /^https?:$/.test(protocol))));
		assert.ok((await page.textContent('main')).includes(evil));
	});
	await look(encodeURIComponent(`${name('NONE')}${evil}`), {bypassCSP: true}, async (page, seen) => {
		assert.equal(seen.dialogs, 0);
		assert.ok((await page.textContent('h1')).includes(evil));
	});
});
test('a thing with a name in each language is called by that of the reader', async () => {
	await put(name('TWO'), [[1, 'TITLE', 'Number 7'], [2, 'name_en', 'Centrifugal pump'], [3, 'name_zh', '离心泵']]);
	await put(name('ONE'), [[1, 'name_zh', '离心泵'], [2, 'TITLE', 'Number 7']]);
	for (const [what, locale, wanted] of [['TWO', 'en', 'Centrifugal pump'], ['TWO', 'zh-CN', '离心泵'], ['ONE', 'zh-CN', '离心泵'],
		['ONE', 'en', 'Number 7']]) {
		await look(`${name(what)}?noredirect`, {locale}, async (page) => {
			assert.equal(await page.textContent('.hero .lead'), wanted);
		});
	}
});
test('who has only a keyboard comes to the content, and to the field', () => look(PAGES.record, {}, async (page) => {
	await page.keyboard.press('Tab');
	assert.equal(await page.evaluate(() => document.activeElement.getAttribute('href')), '#content');
	await page.focus('#hdl');
	await page.keyboard.type(`${name('NONE')}`);
	await page.keyboard.press('Enter');
	await page.waitForURL(/hdl=/);
	assert.match(await page.textContent('h1'), /NONE/);
}));
test('a record tells where it comes from, and its other forms', () => look(PAGES.record, {}, async (page) => {
	const text = await page.textContent('section:has(#provenance)');

	assert.match(text, /Last change\s*20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
	assert.match(text, /Entry of the ledger\s*\d+/);
	for (const link of await page.$$('section:has(#provenance) a')) {
		const answer = await fetch(new URL(await link.getAttribute('href'), server.url));

		assert.equal(answer.status, 200);
		assert.match(await answer.text(), /CP7-2026-000184|<locations>/);
	}
}));
if (server.directory) {
	const theme = join(server.directory, 'theme');

	test('an operator puts pages of their own in place, for one host or all', async () => {
		mkdirSync(join(theme, 'default'), {recursive: true});
		mkdirSync(join(theme, 'id.example'), {recursive: true});
		writeFileSync(join(theme, 'default', 'error.html'), '{{page head.html}}<h1>OURS {{STATUS}} {{HANDLE}}</h1>{{page foot.html}}');
		writeFileSync(join(theme, 'id.example', 'foot.html'), '<p>foot of {{if CHINESE}}中{{else}}one{{end}}</p>');
		writeFileSync(join(theme, 'default', 'mark.svg'), '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
		await server.reload();
		const page = await (await fetch(`${server.url}/${encodeURIComponent(name('<b>'))}`)).text();

		assert.match(page, /<h1>OURS 404 20\.500\.99999\/&lt;b&gt;-\d+<\/h1>/);
		assert.doesNotMatch(page, /foot of/);
		const {get} = await import('node:http');
		const other = await new Promise((resolve) => get(`${server.url}/${name('NONE')}`, {headers: {Host: 'ID.example:80'}},
			(answer) => answer.setEncoding('utf8').on('data', resolve)));

		assert.match(other, /OURS 404[^]*<p>foot of one<\/p>/);
		const mark = await fetch(`${server.url}/static/mark.svg`);

		assert.equal(mark.headers.get('content-type'), 'image/svg+xml');
		assert.match(mark.headers.get('content-security-policy'), /sandbox/);
		for (const path of ['static/error.html', 'static/..%2fhouji.yaml', 'static/../houji.yaml', 'static/']) {
			assert.equal((await fetch(`${server.url}/${path}`)).status, 404, path);
		}
	});
	test('a page that is wrong is told with file and line, and the old ones stay', async () => {
		writeFileSync(join(theme, 'default', 'error.html'), '<h1>\n{{HANDEL}}</h1>');
		assert.match(await server.reload(), /theme\/default\/error\.html, line 2: \{\{HANDEL\}\} is no variable/);
		assert.match(await (await fetch(`${server.url}/${name('NONE')}`)).text(), /OURS 404/);
	});
}

const code = await run();
await browser.close();
await server.stop();
process.exit(code);
