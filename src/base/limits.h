/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Every limit of the node, once. `houji limits` prints this table; the boundary
 * tests exercise each row at n - 1, n and n + 1.
 *
 * X(name, number, unit, why)
 */
#define LIMITS_TABLE(X)                                                                           \
	X(MESSAGE_SIZE_MAX, 262144, "octets", "one native message, as Handle.net 9 has it")       \
	X(DATAGRAM_SIZE_MAX, 512, "octets", "one datagram with its envelope (Handle.net 9)")      \
	X(DATAGRAM_IN_SIZE_MAX, 1472, "octets", "one received datagram: an Ethernet frame")       \
	X(HANDLE_NAME_SIZE_MAX, 2048, "octets", "one handle, as Handle.net 9 has it")             \
	X(HANDLE_TYPE_SIZE_MAX, 1024, "octets", "one value type")                                 \
	X(HANDLE_VALUE_DATA_SIZE_MAX, 131072, "octets", "data of one value")                      \
	X(HANDLE_VALUE_COUNT_MAX, 2048, "values", "values of one record, as Handle.net 9 has it") \
	X(HANDLE_REFERENCE_COUNT_MAX, 2048, "references", "references of one value")              \
	X(RECORD_SIZE_MAX, 258048, "octets", "one record: a message less 4 KiB of frame")         \
	X(QUERY_FILTER_COUNT_MAX, 2048, "items", "indexes or types in one resolution")            \
	X(LIST_HANDLE_COUNT_MAX, 50, "handles", "handles in one list message")                    \
	X(SITE_SERVER_COUNT_MAX, 256, "servers", "servers in one site record")                    \
	X(SITE_INTERFACE_COUNT_MAX, 16, "interfaces", "interfaces of one server")                 \
	X(SITE_ATTRIBUTE_COUNT_MAX, 256, "attributes", "attributes of one site record")           \
	X(KEY_SIZE_MAX, 8192, "octets", "one key in Handle encoding")                             \
	X(RSA_BITS_MIN, 1024, "bits", "RSA keys that are still verified")                         \
	X(RSA_BITS_MAX, 8192, "bits", "RSA keys beyond cost more than they protect")              \
	X(RSA_EXPONENT_BITS_MAX, 64, "bits", "public exponents beyond make a verification slow")  \
	X(DSA_BITS_MIN, 1024, "bits", "DSA keys that are still verified")                         \
	X(DSA_BITS_MAX, 3072, "bits", "the largest DSA of FIPS 186-4")                            \
	X(DH_BITS_MIN, 1024, "bits", "the group that Handle.net clients propose")                 \
	X(DH_BITS_MAX, 4096, "bits", "a peer chooses the group and we compute in it")             \
	X(KEY_FILE_SIZE_MAX, 65536, "octets", "one key file, PEM or Handle encoding")             \
	X(SECRET_SIZE_MAX, 4096, "octets", "a passphrase or secret key from which keys are made") \
	X(PEM_ITERATION_COUNT, 600000, "rounds", "PBKDF2 for a key file (OWASP, SHA-256)")        \
	X(SALT_SIZE_MAX, 64, "octets", "salt that a peer may make us use")                        \
	X(DERIVED_KEY_BITS_MAX, 512, "bits", "key that a peer may make us derive")                \
	X(PBKDF2_ITERATION_COUNT_MAX, 100000, "rounds", "rounds that a peer may make us compute") \
	X(GROUP_MEMBER_COUNT_MAX, 16383, "members", "one HS_VLIST: what its data can hold")       \
	X(GROUP_REFERENCE_COUNT_MAX, 256, "references", "of groups that a request follows")       \
	X(GROUP_DEPTH_MAX, 8, "levels", "groups in groups in groups")                             \
	X(GROUP_SCAN_SIZE_MAX, 1048576, "octets", "members that a request compares")              \
	X(GROUP_REMOTE_COUNT_MAX, 4, "lookups", "records elsewhere that a request asks for")      \
	X(SIGNATURE_CHECK_COUNT_MAX, 8, "keys", "tried for one answer to a challenge")            \
	X(CHALLENGE_RESULT_LIFE_MS, 30000, "ms", "results kept in case the answer was lost")      \
	X(ACCESS_SOURCE_COUNT, 65536, "counts", "challenges or sessions of a source, by hash")    \
	X(SESSION_IDLE_S_MIN, 60, "s", "the shortest time-out that a client may ask for")         \
	X(SESSION_WINDOW_COUNT, 200, "counters", "kept against replay, as Handle.net 9 does")     \
	X(SESSION_RESULT_COUNT, 64, "results", "changes of a session that may be repeated")       \
	X(GUESS_PER_MINUTE_MAX, 5, "tries", "wrong answers by a network, or about a key")         \
	X(GUESS_DOUBLING_COUNT_MAX, 4, "times", "the wait of who is wrong again is doubled")      \
	X(GUESS_SET_COUNT, 4096, "sets", "of 4 counts each: who guesses, and about what")         \
	X(VERIFY_PER_MINUTE_MAX, 60, "tries", "answers verified for a network (operation 201)")   \
	X(CLIENT_FORGERY_COUNT_MAX, 3, "datagrams", "that are no answer, before TCP is tried")    \
	X(CLIENT_TCP_PATIENCE_MS, 3000, "ms", "for TCP, when HTTP could be asked")                \
	X(CLIENT_HTTP_HEAD_SIZE_MAX, 16384, "octets", "head of a server's answer over HTTP")      \
	X(CLIENT_KEPT_COUNT_MAX, 64, "connections", "kept for the next question, of one worker")  \
	X(CLIENT_KEPT_MS, 10000, "ms", "that such a connection waits for it")                     \
	X(CLIENT_PAUSE_MIN_MS, 200, "ms", "before a busy server is asked for the second time")    \
	X(CLIENT_PAUSE_MAX_MS, 6400, "ms", "before a busy server is asked once more")             \
	X(RESOLVER_DEADLINE_MS, 2000, "ms", "until a client knows what became of its question")   \
	X(RESOLVER_WALK_COUNT_MAX, 4096, "walks", "under way in one worker")                      \
	X(RESOLVER_WALK_PER_QUESTION_MAX, 32, "walks", "for one question of a client")            \
	X(RESOLVER_EXCHANGE_COUNT_MAX, 24, "exchanges", "for one question, two datagrams each")   \
	X(RESOLVER_REFERRAL_COUNT_MAX, 16, "referrals", "followed for one question")              \
	X(RESOLVER_RECURSION_COUNT_MAX, 10, "nodes", "that pass a question on (Handle.net 9)")    \
	X(RESOLVER_SITE_COUNT_MAX, 16, "sites", "of one service that are taken")                  \
	X(RESOLVER_FURTHER_COUNT_MAX, 20, "services", "that make up one (Handle.net 9)")          \
	X(RESOLVER_SERVER_COUNT_MAX, 32, "servers", "of one service for one handle")              \
	X(RESOLVER_TRY_COUNT_MAX, 8, "servers", "asked before a service counts as silent")        \
	X(RESOLVER_PER_HOST_MAX, 64, "exchanges", "under way with one server, of one worker")     \
	X(RESOLVER_HOST_COUNT_MAX, 1024, "servers", "whose times are known, of one worker")       \
	X(RESOLVE_ALIAS_COUNT_MAX, 8, "aliases", "followed by a command, one after the other")    \
	X(RESOLVER_NAME_COUNT_MAX, 256, "names", "of servers that are kept, of one worker")       \
	X(RESOLVER_NAME_PER_QUESTION_MAX, 4, "names", "looked up for one question of a client")   \
	X(RESOLVER_NAME_MS, 1000, "ms", "until the name of a server counts as not found")         \
	X(RESOLVER_NAME_FAILURE_MS, 10000, "ms", "a name that was not found is not looked up")    \
	X(RESOLVER_NAME_MIN_MS, 5000, "ms", "addresses of a name are kept at the least")          \
	X(RESOLVER_NAME_MAX_MS, 3600000, "ms", "addresses of a name are kept at the most")        \
	X(RESOLVER_SILENCE_COUNT_MAX, 2, "times", "silent in a row, and a server is held down")   \
	X(RESOLVER_STALE_PATIENCE_MS, 600, "ms", "with servers, when an old answer is at hand")   \
	X(RESOLVER_ROOT_MIN_MS, 60000, "ms", "between two looks at the record of the root")       \
	X(RESOLVER_ROOT_RETRY_MS, 300000, "ms", "after a look at it that failed")                 \
	X(RESOLVER_ROOT_MAX_MS, 86400000, "ms", "until it is looked at again (Handle.net 9)")     \
	X(NODE_WATCH_COUNT_MAX, 8, "nodes", "whose changes a cache follows")                      \
	X(NODE_WATCH_SILENCE_MS, 45000, "ms", "of such a node: three of its heartbeats")          \
	X(NODE_WATCH_PAUSE_MIN_MS, 250, "ms", "before such a node is connected to again")         \
	X(NODE_WATCH_PAUSE_MAX_MS, 30000, "ms", "the same, at the most")                          \
	X(RESOLVER_HOLD_MIN_MS, 1000, "ms", "a silent server is left alone at first")             \
	X(RESOLVER_HOLD_MAX_MS, 60000, "ms", "a silent server is left alone at the most")         \
	X(MINT_DRAW_COUNT_MAX, 4096, "names", "drawn until this server of its site holds one")    \
	X(REPLICATION_BATCH_COUNT_MAX, 4096, "changes", "a mirror hands its ledger at once")      \
	X(REPLICATION_BATCH_SIZE_MAX, 2097152, "octets", "the same, all together")                \
	X(REPLICATION_FEED_COUNT_MAX, 16, "mirrors", "served at once by one worker")              \
	X(REPLICATION_BLOCK_SIZE_MAX, 270336, "octets", "one block for a mirror: a record")       \
	X(REPLICATION_SIGNATURE_SIZE_MAX, 1024, "octets", "signature of one block for a mirror")  \
	X(REPLICATION_TEXT_SIZE_MAX, 65536, "octets", "what a dump says of other servers")        \
	X(JSON_DEPTH_MAX, 32, "levels", "nesting of one JSON text")                               \
	X(JSON_MEMBER_COUNT_MAX, 4096, "members", "members of one JSON object")                   \
	X(JSON_TEXT_SIZE_MAX, 1048576, "octets", "one JSON text: a request body or a line")       \
	X(CODE_SIZE_MAX, 1024, "octets", "a foreign code that is identified, links included")     \
	X(CODE_CANDIDATE_COUNT_MAX, 16, "candidates", "what one code may be")                     \
	X(CODE_PART_COUNT_MAX, 32, "parts", "elements of one bar code, fields of a code")         \
	X(CODE_REASON_COUNT_MAX, 8, "reasons", "told of one candidate")                           \
	X(CODE_OID_ARC_COUNT_MAX, 128, "arcs", "of one OID: as many as SNMP allows")              \
	X(CODE_OID_ARC_SIZE_MAX, 39, "digits", "of one arc: a UUID, 2^128 - 1")                   \
	X(CODE_ROW_SIZE_MAX, 8192, "octets", "fields of one row of mappings in CSV")              \
	X(MAPPING_TRIAL_SIZE_MAX, 1073741824, "octets",                                           \
		"mappings that code import --dry-run keeps")                                      \
	X(CODE_COLUMN_COUNT_MAX, 32, "columns", "of one row of CSV; mappings have eight")         \
	X(QR_TEXT_SIZE_MAX, 1024, "octets", "in one QR code; IEC 61406 wants 255 at the most")    \
	X(QR_SIZE_MAX, 2048, "pixels", "a QR code on a side: 4 ms")                               \
	X(REQUEST_MEMORY_MAX, 1048576, "octets", "arena of one request")                          \
	X(UDP_BATCH_MAX, 64, "datagrams", "datagrams taken or sent in one system call")           \
	X(UDP_ROUND_COUNT_MAX, 8, "batches", "full batches taken before timers and streams")      \
	X(LOOP_SOON_ROUND_MAX, 16, "rounds", "of what leads to more, before sockets are served")  \
	X(UDP_REASSEMBLY_SLOT_COUNT, 256, "messages", "half-received messages, all sources")      \
	X(UDP_REASSEMBLY_SIZE_MAX, 16384, "octets", "a message received in fragments")            \
	X(UDP_REASSEMBLY_PER_SOURCE_MAX, 2, "messages", "half-received messages of one source")   \
	X(UDP_REASSEMBLY_LIFE_MS, 1000, "ms", "life of a half-received message")                  \
	X(UDP_RESPONSE_FRAGMENT_COUNT_MAX, 16, "datagrams", "fragments of one answer over UDP")   \
	X(TCP_CONNECTION_COUNT_MAX, 4096, "connections", "connections of the node")               \
	X(TCP_CONNECTION_PER_SOURCE_MAX, 64, "connections", "connections of one address or /56")  \
	X(TCP_REQUEST_DEADLINE_MS, 10000, "ms", "a request, from its first octet to its last")    \
	X(TCP_IDLE_MS, 60000, "ms", "a connection without a request")                             \
	X(TCP_WRITE_STALL_MS, 10000, "ms", "a peer that does not read its answers")               \
	X(TCP_OUT_SIZE_MAX, 1048576, "octets", "answers waiting in one connection")               \
	X(TCP_LINGER_MS, 1000, "ms", "a peer that goes on sending after our last answer")         \
	X(TCP_LINGER_SIZE_MAX, 1048576, "octets", "dropped from a peer after our last answer")    \
	X(TCP_ACCEPT_COUNT_MAX, 64, "connections", "connections taken in one wake-up")            \
	X(ACCEPT_REST_MS, 100, "ms", "rest of a listener when descriptors ran out")               \
	X(FD_RESERVE_COUNT, 32, "descriptors", "kept back for store, log and control")            \
	X(HTTP_ANSWER_SIZE_MAX, 2097152, "octets", "one answer over HTTP: a record as JSON")      \
	X(HTTP_BODY_SIZE_MAX, 1048576, "octets", "body of one request: a JSON text")              \
	X(HTTP_CONNECTION_MEMORY_MAX, 24576, "octets", "one connection: heads of both sides")     \
	X(HTTP_IDENTIFY_COUNT_MAX, 256, "codes", "identified by one request over HTTP")           \
	X(HTTP_LINK_COUNT_MAX, 256, "links", "of one record, or of one level of a code")          \
	X(HTTP_LINK_TARGET_SIZE_MAX, 8192, "octets", "where one link leads")                      \
	X(HTTP_LINK_HEADER_SIZE_MAX, 4096, "octets", "links told in the head of an answer")       \
	X(HTTP_SUFFIX_PART_COUNT_MAX, 8, "parts", "behind a name that passes suffixes on")        \
	X(HTTP_LIST_SIZE_MAX, 1048576, "octets", "handles of one list over HTTP")                 \
	X(HTTP_ELSEWHERE_COUNT_MAX, 32, "records", "of other nodes, for one answer over HTTP")    \
	X(HTTP_INCLUDE_COUNT_MAX, 32, "records", "looked up for the places of one identifier")    \
	X(HTTP_INCLUDE_DEPTH_MAX, 20, "levels", "of 10320/loc that include others (Handle.net)")  \
	X(HTTP_HEADERS_SIZE_MAX, 4096, "octets", "headers that a record adds to an answer")       \
	X(HTTP_LOCATION_COUNT_MAX, 256, "locations", "of one 10320/loc, URL values with them")    \
	X(HTTP_LOCATION_DEPTH_MAX, 8, "levels", "nesting of one 10320/loc")                       \
	X(MARKUP_SIZE_MAX, 65536, "octets", "one value that is XML: 10320/loc, HS_NAMESPACE")     \
	X(MARKUP_DEPTH_MAX, 16, "levels", "nesting of HS_NAMESPACE with its templates")           \
	X(MARKUP_ELEMENT_COUNT_MAX, 2048, "elements", "elements of one such value")               \
	X(MARKUP_LINE_COUNT_MAX, 32, "lines", "lines of one 10320/headers")                       \
	X(MARKUP_LINE_SIZE_MAX, 1024, "octets", "one of them")                                    \
	X(MARKUP_PATTERN_SIZE_MAX, 1024, "octets", "one expression of a template")                \
	X(MARKUP_GROUP_COUNT_MAX, 32, "groups", "of one match")                                   \
	X(MARKUP_MATCH_COUNT_MAX, 128, "matches", "for one template handle")                      \
	X(MARKUP_MATCH_STEP_COUNT_MAX, 20000, "steps", "of one match: some 0.3 ms")               \
	X(MARKUP_MATCH_DEPTH_MAX, 1000, "levels", "backtracking of one match")                    \
	X(MARKUP_MATCH_HEAP_KIB_MAX, 256, "KiB", "memory of one match")                           \
	X(MARKUP_MATCH_DEADLINE_MS, 20, "ms", "after which no other match is begun")              \
	X(MARKUP_STEP_COUNT_MAX, 16384, "elements", "of a template that are carried out")         \
	X(MARKUP_BINDING_COUNT_MAX, 128, "variables", "known at once in a template")              \
	X(MARKUP_REFERENCE_COUNT_MAX, 10, "references", "from template to template (Handle.net)") \
	X(MARKUP_TEXT_SIZE_MAX, 65536, "octets", "what a template fills in, for one handle")      \
	X(HTTP_PARAMETER_COUNT_MAX, 256, "parameters", "parameters of one request over HTTP")     \
	X(HTTP_TEMPLATE_PIECE_COUNT_MAX, 512, "pieces", "texts and variables of one page")        \
	X(HTTP_TEMPLATE_DEPTH_MAX, 8, "levels", "pages in pages, and conditions in conditions")   \
	X(HTTP_THEME_COUNT_MAX, 32, "hosts", "with pages of their own")                           \
	X(HTTP_THEME_FILE_COUNT_MAX, 64, "files", "pages and pictures for one host")              \
	X(HTTP_THEME_FILE_SIZE_MAX, 1048576, "octets", "one of them")                             \
	X(HTTP_THEME_SIZE_MAX, 16777216, "octets", "all of them")                                 \
	X(HTTP_DESTINATION_COUNT_MAX, 64, "lines", "of hosts that prefixes may lead to")          \
	X(HTTP_URL_SIZE_MAX, 8192, "octets", "one address that a template of 10320/loc makes")    \
	X(HTTP_HANDSHAKE_RATE_MAX, 200, "a second",                                               \
		"TLS handshakes of a worker: a signature each")                                   \
	X(HTTP_HANDSHAKE_RATE_PER_SOURCE_MAX, 50, "a second", "TLS handshakes of one network")    \
	X(HTTP_GZIP_SIZE_MIN, 1024, "octets", "a smaller body is not worth compressing")          \
	X(HTTP_GZIP_SIZE_MAX, 1048576, "octets", "a larger body takes too long to compress")      \
	X(HTTP_BODY_GRACE_MS, 10000, "ms", "a body over HTTP, before its rate counts")            \
	X(HTTP_BODY_RATE_MIN, 1024, "octets/s", "a body over HTTP that comes slower is given up") \
	X(HTTP_PROXY_SIZE_MAX, 536, "octets", "what a proxy says in front of a connection")       \
	X(HTTP_CERTIFICATE_SIZE_MAX, 16384, "octets", "one message of a handshake with a client") \
	X(LEDGER_VERSION_COUNT_MAX, 64, "versions", "that one change may name (If-Match)")        \
	X(HTTP_CNONCE_SIZE_MAX, 64, "octets", "the nonce that a web client adds")                 \
	X(HTTP_SESSION_IDLE_S, 1800, "s", "a session of a web client in silence (Handle.net)")    \
	X(HTTP_HEAD_DEADLINE_MS, 10000, "ms", "the head of a request over HTTP")                  \
	X(HTTP_BODY_DEADLINE_MS, 60000, "ms", "the body of a request over HTTP")                  \
	X(HTTP_IDLE_MS, 30000, "ms", "an HTTP connection without a request (Handle.net)")         \
	X(HTTP_ANSWER_DEADLINE_MS, 60000, "ms", "an answer over HTTP that is read slowly")        \
	X(TOKEN_COUNT_MAX, 1024, "tokens", "of a node")                                           \
	X(TOKEN_FILE_SIZE_MAX, 4194304, "octets", "all of them, as lines of JSON")                \
	X(TOKEN_PREFIX_COUNT_MAX, 16, "prefixes", "that one token is limited to")                 \
	X(TOKEN_LIFE_S_MAX, 315360000, "s", "of a token: ten years")                              \
	X(RESULT_FILES_SIZE_MAX, 1073741824, "octets", "results kept for who asks again")         \
	X(RESULT_FILE_LIFE_S, 86400, "s", "how long they are kept")                               \
	X(BULK_COUNT_MAX, 8, "requests", "to /v1/bulk at once, of one worker")                    \
	X(BULK_KEY_SIZE_MAX, 255, "octets", "one Idempotency-Key")                                \
	X(WORKER_COUNT_MAX, 64, "threads", "workers of one node")                                 \
	X(OPERATION_COUNT_MAX, 4096, "operations", "answered later, of one worker")               \
	X(OPERATION_SIZE_MAX, 67108864, "octets", "their messages, of one worker")                \
	X(AUDIT_LINE_SIZE_MAX, 4096, "octets", "one refusal in the audit log")                    \
	X(AUDIT_PER_SECOND_MAX, 100, "lines", "refusals noted in a second; more are counted")     \
	X(AUDIT_SIZE_MAX, 67108864, "octets", "the audit log, and as much in its older half")     \
	X(OPERATION_PER_CONNECTION_MAX, 64, "operations", "under way in one connection")          \
	X(POOL_QUEUE_COUNT_MAX, 1024, "jobs", "signatures and the like waiting for a thread")     \
	X(SITE_FILE_SIZE_MAX, 65536, "octets", "a site record as JSON, and encoded")              \
	X(CONFIGURATION_SIZE_MAX, 1048576, "octets", "the configuration file")                    \
	X(HANDLE_TABLE_DEPTH_MAX, 16, "levels", "nesting of Handle.net's config.dct")             \
	X(HANDLE_TABLE_ITEM_COUNT_MAX, 16384, "entries", "entries of Handle.net's config.dct")    \
	X(POLICY_RULE_COUNT_MAX, 65536, "rules", "of a recursive node about single names")        \
	X(POLICY_RULES_SIZE_MAX, 16777216, "octets", "the file they are in")                      \
	X(POLICY_FORWARDER_COUNT_MAX, 4, "addresses", "asked in place of the root")               \
	X(POLICY_PREFIX_DEPTH_MAX, 64, "levels", "of a prefix, looked at for rules about it")     \
	X(CONTROL_CONNECTION_COUNT_MAX, 8, "connections", "of the control socket")                \
	X(CONTROL_LINE_SIZE_MAX, 16384, "octets", "one request at the control socket")            \
	X(CONTROL_DEADLINE_MS, 5000, "ms", "a connection of the control socket")                  \
	X(CONTROL_VISIT_COUNT_MAX, 262144, "entries", "of a cache, looked at for one list")       \
	X(HOMED_PREFIX_COUNT_MAX, 1048576, "prefixes", "prefixes homed at one node")              \
	X(LEDGER_ACTOR_SIZE_MAX, 2056, "octets", "who made a change: index:handle")               \
	X(WIRE_INPUT_SIZE_MAX, 268435456, "octets", "what `houji wire` reads at once")            \
	X(CAPTURE_FLOW_COUNT_MAX, 64, "flows", "messages and streams of a capture in the making") \
	X(CAPTURE_SEGMENT_COUNT_MAX, 64, "segments", "segments of a stream that came too early")  \
	X(LEDGER_QUEUE_COUNT_MAX, 65536, "changes", "changes waiting for the committer")          \
	X(LEDGER_BATCH_SIZE_MAX, 4194304, "octets", "changes that one fdatasync makes durable")   \
	X(LEDGER_HEADS_SIZE_MAX, 67108864, "octets", "signed tree heads, of a decade")            \
	X(DOCKING_COUNT_MAX, 256, "requests", "children that wait to be delegated a prefix")      \
	X(LAB_NODE_COUNT_MAX, 256, "nodes", "nodes of `houji lab`, each a process")               \
	X(LAB_PREFIX_COUNT_MAX, 4096, "prefixes", "prefixes of all nodes of a lab")               \
	X(LAB_PREFIX_SIZE_MAX, 64, "octets", "a prefix of a lab (88.980.1)")                      \
	X(JSON_PRINT_SIZE_MAX, 16777216, "octets", "one line of JSON that a command prints")      \
	X(BATCH_LINK_COUNT_MAX, 64, "sockets", "connections of `houji batch`")                    \
	X(BATCH_DEPTH_MAX, 256, "items", "under way in one connection of `houji batch`")          \
	X(BENCH_SECONDS_MAX, 3600, "s", "one run of `houji bench`")                               \
	X(BENCH_CONNECTION_COUNT_MAX, 256, "sockets", "`houji bench resolve`, 150 KiB each")      \
	X(BENCH_DEPTH_MAX, 64, "questions", "under way in one connection of a bench")             \
	X(BENCH_HANDLE_COUNT_MAX, 4194304, "handles", "handles that a bench draws from")          \
	X(BENCH_HANDLES_SIZE_MAX, 268435456, "octets", "the same, all together")                  \
	X(BENCH_COMMIT_SIZE_MAX, 1073741824, "octets", "what `houji bench commit` writes")

enum limits {
#define X(name, number, unit, why) name = number,
	LIMITS_TABLE(X)
#undef X
};
