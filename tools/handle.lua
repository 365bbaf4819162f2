-- SPDX-License-Identifier: Apache-2.0
--[[
Shows the Handle protocol (RFC 3652, DO-IRP) in tshark and Wireshark before 4.2, which have no
dissector for it:

    tshark -X lua_script:tools/handle.lua -r capture.pcap -Y handle -O handle

Written from the protocol's description alone, apart from the C code, so that the tests have a
second opinion on what Houji sends. Whatever does not fit is an expert error.
]]

local handle = Proto("handle", "Handle System protocol")

local OPERATIONS = {
	[0] = "RESERVED", [1] = "RESOLUTION", [2] = "GET_SITE_INFO", [100] = "CREATE_HANDLE",
	[101] = "DELETE_HANDLE", [102] = "ADD_VALUE", [103] = "REMOVE_VALUE",
	[104] = "MODIFY_VALUE", [105] = "LIST_HANDLES", [106] = "LIST_DERIVED_PREFIXES",
	[200] = "CHALLENGE_RESPONSE", [201] = "VERIFY_CHALLENGE", [300] = "HOME_PREFIX",
	[301] = "UNHOME_PREFIX", [302] = "LIST_HOMED_PREFIXES", [400] = "SESSION_SETUP",
	[401] = "SESSION_TERMINATE", [402] = "SESSION_EXCHANGE_KEY",
	[1000] = "GET_NEXT_TRANSACTION_ID", [1001] = "RETRIEVE_TRANSACTION_LOG",
	[1002] = "DUMP_HANDLES", [1003] = "BACKUP_SERVER", [2000] = "LOGIN",
	[2001] = "LOGIN_ID_SYSTEM",
}
local RESPONSES = {
	[0] = "request", [1] = "SUCCESS", [2] = "ERROR", [3] = "SERVER_TOO_BUSY",
	[4] = "PROTOCOL_ERROR", [5] = "OPERATION_NOT_SUPPORTED", [6] = "RECURSION_COUNT_TOO_HIGH",
	[7] = "SERVER_BACKUP", [100] = "HANDLE_NOT_FOUND", [101] = "HANDLE_ALREADY_EXISTS",
	[102] = "INVALID_HANDLE", [200] = "VALUES_NOT_FOUND", [201] = "VALUE_ALREADY_EXISTS",
	[202] = "INVALID_VALUE", [300] = "OUT_OF_DATE_SITE_INFO", [301] = "SERVER_NOT_RESPONSIBLE",
	[302] = "SERVICE_REFERRAL", [303] = "PREFIX_REFERRAL", [400] = "INVALID_ADMIN",
	[401] = "INSUFFICIENT_PERMISSIONS", [402] = "AUTHENTICATION_NEEDED",
	[403] = "AUTHENTICATION_FAILED", [404] = "INVALID_CREDENTIAL",
	[405] = "AUTHENTICATION_TIMEOUT", [406] = "AUTHENTICATION_ERROR",
	[500] = "SESSION_TIMEOUT", [501] = "SESSION_FAILED", [502] = "INVALID_SESSION_KEY",
	[503] = "NEED_RSA_KEY", [504] = "INVALID_SESSION_SETUP_REQUEST",
	[505] = "SESSION_MESSAGE_REJECTED",
}
local DIGEST_SIZES = {[1] = 16, [2] = 20, [3] = 32}
local DIGEST_NAMES = {[1] = "MD5", [2] = "SHA-1", [3] = "SHA-256"}
local FRAGMENT_SIZE, ENVELOPE_SIZE, HEADER_SIZE, MESSAGE_SIZE_MAX = 492, 20, 24, 262144

local fields = {}
local texts = {}
local function field(name, kind, title, ...)
	fields[name] = ProtoField[kind]("handle." .. name, title, ...)
	texts[name] = kind == "string"
end
field("version", "string", "Version")
field("suggested", "string", "Suggested version")
field("is_compressed", "bool", "Compressed", 8, nil, 0x80)
field("is_encrypted", "bool", "Encrypted", 8, nil, 0x40)
field("is_truncated", "bool", "Truncated: one of several datagrams", 8, nil, 0x20)
field("session_id", "uint32", "Session id")
field("request_id", "uint32", "Request id")
field("sequence", "uint32", "Sequence number")
field("message_size", "uint32", "Message size")
field("opcode", "uint32", "Operation", base.DEC, OPERATIONS)
field("response_code", "uint32", "Response code", base.DEC, RESPONSES)
field("flags", "uint32", "Flags", base.HEX)
field("site_serial", "uint16", "Site serial")
field("recursion_count", "uint8", "Recursion count")
field("expiration", "absolute_time", "Expiration", base.UTC)
field("body_size", "uint32", "Body size")
field("digest_code", "uint8", "Request digest", base.DEC, DIGEST_NAMES)
field("digest", "bytes", "Digest")
field("name", "string", "Handle", base.UNICODE)
field("index", "uint32", "Index")
field("type", "string", "Type", base.UNICODE)
field("value.index", "uint32", "Value index")
field("value.timestamp", "absolute_time", "Timestamp", base.UTC)
field("value.ttl_kind", "uint8", "TTL kind")
field("value.ttl", "uint32", "TTL")
field("value.permissions", "uint8", "Permissions", base.HEX)
field("value.type", "string", "Value type", base.UNICODE)
field("value.data", "bytes", "Value data")
field("reference", "string", "Reference", base.UNICODE)
field("site.serial", "uint16", "Site record serial")
field("server.id", "uint32", "Server id")
field("interface.port", "uint32", "Interface port")
field("text", "string", "Text", base.UNICODE)
field("nonce", "bytes", "Nonce")
field("octets", "bytes", "Octets")
field("number", "uint32", "Number")
field("credential.type", "string", "Credential type")
field("credential.counter", "uint32", "Session counter")
field("credential.digest", "string", "Digest algorithm")
field("credential.signature", "bytes", "Signature")
handle.fields = fields
local malformed = ProtoExpert.new("handle.malformed", "Breaks the format",
	expert.group.MALFORMED, expert.severity.ERROR)
handle.experts = {malformed}
local default_port = 2641

-- A place in a run of octets that nothing may leave: everything that would is an error.
local Cursor = {}
Cursor.__index = Cursor
local function cursor(tvb)
	return setmetatable({tvb = tvb, at = 0, size = tvb:len()}, Cursor)
end
function Cursor:left()
	return self.size - self.at
end
function Cursor:take(size)
	if size > self:left() then
		error({text = size .. " octets at " .. self.at .. ", where " .. self:left() .. " are left"})
	end
	local range = size > 0 and self.tvb(self.at, size) or nil
	self.at = self.at + size
	return range
end
function Cursor:number(size, tree, name)
	local range = self:take(size)
	if tree and name then
		tree:add(fields[name], range)
	end
	return range:uint()
end
function Cursor:blob(tree, name, size_max)
	local size = self:number(4)
	if size > (size_max or MESSAGE_SIZE_MAX) then
		error({text = "a run of " .. size .. " octets"})
	end
	local range = self:take(size)
	if tree and name then
		if range and texts[name] then
			tree:add_packet_field(fields[name], range, ENC_UTF_8 + ENC_STRING)
		elseif range then
			tree:add(fields[name], range)
		else
			tree:add(fields[name], self.tvb(self.at - 4, 4), ""):append_text(" (empty)")
		end
	end
	return range
end
function Cursor:count(item_size)
	local count = self:number(4)
	if count * item_size > self:left() then
		error({text = count .. " items of " .. item_size .. " octets in " .. self:left()})
	end
	return count
end
function Cursor:section(size)
	local range = self:take(size)
	return range and cursor(range:tvb()) or nil
end
function Cursor:done(what)
	if self:left() > 0 then
		error({text = self:left() .. " octets behind the end of the " .. what})
	end
end

local function text_of(range)
	return range and range:string(ENC_UTF_8) or ""
end

local function indexes(body, tree)
	for _ = 1, body:count(4) do
		body:number(4, tree, "index")
	end
end

local function references(body, tree)
	for _ = 1, body:count(8) do
		body:blob(tree, "reference")
		body:number(4, tree, "number")
	end
end

local function site(body, tree)
	body:number(2, tree, "number")
	body:take(2)
	body:number(2, tree, "site.serial")
	body:take(2)
	body:blob()
	for _ = 1, body:count(8) do
		body:blob(tree, "text")
		body:blob(tree, "text")
	end
	for _ = 1, body:count(28) do
		body:number(4, tree, "server.id")
		body:take(16)
		body:blob(tree, "octets")
		for _ = 1, body:count(6) do
			body:take(2)
			body:number(4, tree, "interface.port")
		end
	end
	body:done("site")
end

local function data_of_value(kind, data, tree)
	local inner = cursor(data:tvb())
	if kind == "HS_ADMIN" then
		inner:number(2, tree, "number")
		inner:blob(tree, "reference")
		inner:number(4, tree, "number")
		if inner:left() ~= 2 then
			inner:done("administrator")
		end
	elseif kind == "HS_VLIST" then
		references(inner, tree)
		inner:done("list")
	elseif kind == "HS_SITE" or kind == "HS_SITE.PREFIX" then
		site(inner, tree)
	end
end

local function values(body, tree)
	for _ = 1, body:count(26) do
		local start = body.at
		local branch = tree:add(handle, body.tvb(start, 4), "Value")
		body:number(4, branch, "value.index")
		body:number(4, branch, "value.timestamp")
		if body:number(1, branch, "value.ttl_kind") > 1 then
			error({text = "TTL of a kind that there is not"})
		end
		body:number(4, branch, "value.ttl")
		if body:number(1, branch, "value.permissions") > 15 then
			error({text = "permissions that there are not"})
		end
		local kind = text_of(body:blob(branch, "value.type"))
		local data = body:blob(branch, "value.data")
		if data then
			data_of_value(kind, data, branch)
		end
		references(body, branch)
		branch:set_len(body.at - start)
	end
end

local function resolution(body, tree)
	body:blob(tree, "name", 2048)
	indexes(body, tree)
	for _ = 1, body:count(4) do
		body:blob(tree, "type")
	end
end

local function name_only(body, tree)
	body:blob(tree, "name", 2048)
end

local function name_and_values(body, tree)
	body:blob(tree, "name", 2048)
	values(body, tree)
end

local function shares(body, tree)
	body:number(1, tree, "number")
	body:number(4, tree, "number")
	body:number(4, tree, "number")
end

local requests = {
	[1] = resolution, [2] = name_only, [100] = name_and_values, [101] = name_only,
	[102] = name_and_values, [104] = name_and_values, [105] = name_only, [106] = name_only,
	[300] = name_only, [301] = name_only, [302] = name_only, [401] = name_only,
	[1000] = name_only, [1003] = name_only, [2000] = resolution,
	[103] = function(body, tree)
		body:blob(tree, "name", 2048)
		indexes(body, tree)
	end,
	[200] = function(body, tree)
		body:blob(tree, "type")
		body:blob(tree, "name", 2048)
		body:number(4, tree, "index")
		body:blob(tree, "octets")
	end,
	[201] = function(body, tree)
		body:blob(tree, "name", 2048)
		body:number(4, tree, "index")
		body:blob(tree, "nonce")
		body:blob(tree, "digest", 32)
		body:blob(tree, "octets")
	end,
	[400] = function(body, tree)
		local mode = body:number(2, tree, "number")
		body:number(4, tree, "number")
		body:blob(tree, "name", 2048)
		body:number(4, tree, "index")
		if mode == 1 or mode == 4 then
			body:blob(tree, "octets")
		elseif mode == 3 then
			body:blob(tree, "name", 2048)
			body:number(4, tree, "index")
		end
		if body:left() == 2 then
			body:take(2)
		end
	end,
	[402] = function(body, tree)
		body:blob(tree, "octets")
	end,
	[1001] = function(body, tree, version)
		local kind = version >= 0x0209 and body:number(1, tree, "number") or 0
		if kind == 0 then
			body:take(16)
		else
			body:blob(tree, "text")
		end
		shares(body, tree)
	end,
	[1002] = function(body, tree)
		shares(body, tree)
		if body:left() > 0 then
			body:blob(tree, "name", 2048)
			body:number(4, tree, "number")
		end
	end,
	[2001] = function(body, tree)
		body:blob(tree, "name", 2048)
		body:number(4, tree, "index")
	end,
}

local function names(body, tree)
	for _ = 1, body:count(4) do
		body:blob(tree, "name", 2048)
	end
end

local answers = {
	[1] = name_and_values, [2] = site, [100] = name_only, [105] = names, [106] = names,
	[302] = names, [2000] = name_and_values,
	[201] = function(body, tree)
		body:number(1, tree, "number")
	end,
	[400] = function(body, tree)
		body:number(2, tree, "number")
		body:blob(tree, "octets")
		if body:left() == 2 then
			body:take(2)
		end
	end,
	[1000] = function(body)
		body:take(8)
	end,
	[1001] = function(body, tree)
		body:number(1, tree, "number")
	end,
}

local function answer(opcode, code, body, tree, version)
	if code == 1 then
		if answers[opcode] then
			answers[opcode](body, tree)
		end
	elseif code == 302 or (code == 303 and version >= 0x0205) then
		body:blob(tree, "name", 2048)
		if body:left() > 0 then
			values(body, tree)
		end
	elseif code == 402 then
		body:blob(tree, "nonce", 64)
		if version < 0x0201 and body:left() > 0 then
			body:blob(tree, "digest", 32)
		end
	else
		body:blob(tree, "text")
		if body:left() > 0 then
			indexes(body, tree)
		end
	end
end

local function credential(part, tree)
	part:take(4)
	part:blob(tree, "name", 2048)
	part:number(4, tree, "credential.counter")
	part:blob(tree, "credential.type")
	local section = part:section(part:number(4))
	section:blob(tree, "credential.digest")
	section:blob(tree, "credential.signature")
	section:done("signature")
	part:done("credential")
end

local function message(tvb, tree, version, pinfo)
	local whole = cursor(tvb)
	local opcode = whole:number(4, tree, "opcode")
	local code = whole:number(4, tree, "response_code")
	local flags = whole:number(4, tree, "flags")
	whole:number(2, tree, "site_serial")
	whole:number(1, tree, "recursion_count")
	whole:take(1)
	whole:number(4, tree, "expiration")
	local body = whole:section(whole:number(4, tree, "body_size"))
	pinfo.cols.info = (code == 0 and "Request " or "Response ") ..
		(OPERATIONS[opcode] or opcode) .. (code == 0 and "" or " " .. (RESPONSES[code] or code))
	if not OPERATIONS[opcode] or not RESPONSES[code] then
		error({text = "operation " .. opcode .. ", response " .. code})
	end
	if body then
		if code ~= 0 and bit32.band(flags, 0x00800000) ~= 0 then
			local kind = body:number(1, tree, "digest_code")
			if not DIGEST_SIZES[kind] then
				error({text = "digest " .. kind})
			end
			tree:add(fields["digest"], body:take(DIGEST_SIZES[kind]))
		end
		if code == 0 then
			requests[opcode](body, tree, version)
		else
			answer(opcode, code, body, tree, version)
		end
		body:done("body")
	end
	if whole:left() > 0 then
		local part = whole:section(whole:number(4))
		if part then
			credential(part, tree:add(handle, part.tvb(), "Credential"))
		end
		whole:done("message")
	end
end

local joining, joined = {}, {}
function handle.init()
	joining, joined = {}, {}
end

-- The whole message when this datagram brought its last part, else nil.
local function join(tvb, pinfo, request_id, sequence, size)
	if pinfo.visited then
		return joined[pinfo.number]
	end
	local key = table.concat({tostring(pinfo.src), pinfo.src_port, tostring(pinfo.dst),
		pinfo.dst_port, request_id}, " ")
	local parts = joining[key] or {}
	joining[key] = parts
	parts[sequence] = tvb(ENVELOPE_SIZE):bytes()
	local octets = ByteArray.new()
	for number = 0, math.ceil(size / FRAGMENT_SIZE) - 1 do
		if not parts[number] then
			return nil
		end
		octets:append(parts[number])
	end
	joining[key] = nil
	joined[pinfo.number] = octets
	return octets
end

local function dissect(tvb, pinfo, tree)
	pinfo.cols.protocol = "Handle"
	local branch = tree:add(handle, tvb())
	local ok, fault = pcall(function()
		local front = cursor(tvb)
		local major, minor = front:number(1), front:number(1)
		branch:add(fields["version"], tvb(0, 2), major .. "." .. minor)
		for _, name in ipairs({"is_compressed", "is_encrypted", "is_truncated"}) do
			branch:add(fields[name], tvb(2, 1))
		end
		branch:add(fields["suggested"], tvb(2, 2), bit32.band(front:number(1), 0x1f) .. "." ..
			front:number(1))
		front:number(4, branch, "session_id")
		local request_id = front:number(4, branch, "request_id")
		local sequence = front:number(4, branch, "sequence")
		local size = front:number(4, branch, "message_size")
		local is_encrypted = bit32.band(tvb(2, 1):uint(), 0x40) ~= 0
		local octets = front:left() > 0 and tvb(ENVELOPE_SIZE):tvb() or nil
		if front:left() > size or size > MESSAGE_SIZE_MAX then
			error({text = "a message of " .. size .. " octets"})
		end
		if front:left() < size then
			if sequence * FRAGMENT_SIZE + front:left() > size or tvb:len() > 512 then
				error({text = "fragment " .. sequence .. " in a message of " .. size})
			end
			pinfo.cols.info = "Fragment " .. sequence
			local whole = join(tvb, pinfo, request_id, sequence, size)
			octets = whole and whole:tvb("Joined message") or nil
			if octets and octets:len() ~= size then
				error({text = "fragments make " .. octets:len() .. " octets, not " .. size})
			end
		end
		if octets and not is_encrypted then
			message(octets, branch, major == 5 and 0 or major * 256 + minor, pinfo)
		end
	end)
	if not ok then
		branch:add_proto_expert_info(malformed, type(fault) == "table" and fault.text or
			tostring(fault))
	end
end

function handle.dissector(tvb, pinfo, tree)
	if pinfo.port_type == 2 then
		dissect_tcp_pdus(tvb, tree, ENVELOPE_SIZE, function(run, _, at)
			return ENVELOPE_SIZE + run(at + 16, 4):uint()
		end, dissect)
	else
		dissect(tvb, pinfo, tree)
	end
	return tvb:len()
end

DissectorTable.get("udp.port"):add(default_port, handle)
DissectorTable.get("tcp.port"):add(default_port, handle)
