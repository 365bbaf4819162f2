// SPDX-License-Identifier: Apache-2.0
// What the tests of /v1/ share: a node, who administers it, and questions.
import {PREFIX, serverStart} from './node.mjs';
import {assert} from './tap.mjs';

process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; // The node signs its certificate itself.
process.removeAllListeners('warning');

export const server = await serverStart({settings: process.env.HOUJI_TEST_SETTINGS ?? ''});
export const basic = (user, secret) => 'Basic ' + Buffer.from(encodeURIComponent(user) + ':' + secret).toString('base64');
export const admin = basic(server.user, server.secret);
const [ownerIndex, owner] = [server.user.slice(0, server.user.indexOf(':')), server.user.slice(server.user.indexOf(':') + 1)];

export const one = (index, data = 'https://example.org/') => ({index, type: 'URL', data: {format: 'string', value: data}});
// Whoever makes a record must be named in it to change it later.
export const record = (...values) => [...values, {index: 100, type: 'HS_ADMIN', data: {format: 'admin', value:
	{handle: owner, index: Number(ownerIndex), permissions: '111111111111'}}}];
export const name = (suffix) => `${PREFIX}/${suffix}-${process.pid}`;

// A question to /v1/; `by` null asks as nobody.
export async function ask(method, path, body, {by = admin, base = server.tls, headers = {}} = {}) {
	const answer = await fetch(`${base}/v1/${path}`, {
		method,
		body: body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
		headers: {...(by ? {Authorization: by} : {}), ...(body === undefined ? {} : {'Content-Type': 'application/json'}), ...headers},
	});
	const text = await answer.text();

	return {status: answer.status, headers: answer.headers, text, etag: answer.headers.get('etag'),
		json: /json;/.test(answer.headers.get('content-type')) && !answer.headers.get('content-type').includes('ndjson') ? JSON.parse(text) : null};
}

// An error, as RFC 9457 has it, with the response code of the Handle protocol.
export async function refused(question, status, code) {
	const {status: got, json, headers, text} = await question;

	assert.equal(got, status, text);
	assert.equal(headers.get('content-type'), 'application/problem+json;charset=utf-8');
	assert.equal(json.status, status);
	assert.equal(json.type, 'about:blank');
	assert.ok(json.title.length > 0 && json.detail.length > 0, text);
	assert.equal(json.responseCode, code, text);
	return json;
}

export async function done(question, status) {
	const answer = await question;

	assert.equal(answer.status, status, answer.text);
	return answer;
}
