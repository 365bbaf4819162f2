/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop_name.h"

#include "base/text_writer.h"
#include "loop/loop_internal.h"

#include <ares.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>

enum { WAIT_MS = 400, PER_FAMILY_COUNT = 2, SERVERS_TEXT_SIZE = 256 };

struct look_up {
	struct loop_names *names;
	struct look_up *next; /* Of those that are done. */
	loop_name_found *found;
	void *context;
	struct loop_name name;
};

/* A descriptor of the library's. */
struct name_socket {
	struct loop_source source;
	struct loop_names *names;
	struct name_socket *next;
};

struct loop_names {
	struct loop *loop;
	ares_channel channel;
	struct name_socket *sockets;
	struct loop_timer due; /* When the library wants to ask again, or to give up. */
	struct loop_timer telling; /* Set while somebody is to be told. */
	struct look_up *first_done, *last_done;
	bool is_ending;
};

static void
library_begin(void)
{
	/* Fails nowhere but on Windows. */
	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
		abort();
	}
}

static void names_due(void *context);

static void
names_settle(struct loop_names *names)
{
	struct timeval left;

	if (ares_timeout(names->channel, NULL, &left) == NULL) {
		loop_timer_clear(names->loop, &names->due);
		return;
	}
	/* Rounded up, so that the library finds its time come. */
	loop_timer_set(names->loop, &names->due,
		loop_now_ms(names->loop) + (int64_t)left.tv_sec * 1000 + left.tv_usec / 1000 + 1,
		names_due, names);
}

static void
names_due(void *context)
{
	struct loop_names *names = context;

	ares_process_fd(names->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	names_settle(names);
}

static void
socket_ready(struct loop_source *source, uint32_t events)
{
	struct loop_names *names = ((struct name_socket *)source)->names;
	ares_socket_t fd = source->fd;

	ares_process_fd(names->channel, (events & ~(uint32_t)EPOLLOUT) != 0 ? fd : ARES_SOCKET_BAD,
		(events & EPOLLOUT) != 0 ? fd : ARES_SOCKET_BAD);
	names_settle(names);
}

static void
socket_dead(struct loop_source *source)
{
	free(source);
}

static void
socket_open(struct loop_names *names, int fd, uint32_t events)
{
	struct name_socket *socket = calloc(1, sizeof(*socket));

	if (socket == NULL) {
		return; /* Nothing is heard of it, and the question times out. */
	}
	socket->source = (struct loop_source){.ready = socket_ready, .dead = socket_dead, .fd = fd};
	socket->names = names;
	if (!loop_source_open(names->loop, &socket->source, events)) {
		free(socket);
		return;
	}
	socket->next = names->sockets;
	names->sockets = socket;
}

/* The library waits for something else than before; for nothing: it is about to close it. */
static void
socket_changed(void *context, ares_socket_t fd, int readable, int writable)
{
	struct loop_names *names = context;
	uint32_t events =
		(readable != 0 ? (uint32_t)EPOLLIN : 0) | (writable != 0 ? (uint32_t)EPOLLOUT : 0);
	struct name_socket **at = &names->sockets;

	while (*at != NULL && (*at)->source.fd != fd) {
		at = &(*at)->next;
	}
	if (*at == NULL && events != 0) {
		socket_open(names, fd, events);
	} else if (*at != NULL && events != 0) {
		loop_source_watch(&(*at)->source, events);
	} else if (*at != NULL) {
		struct name_socket *gone = *at;

		*at = gone->next;
		loop_source_forget(&gone->source);
	}
}

/* "192.0.2.53:53,[2001:db8::53]:53" */
static bool
servers_set(ares_channel channel, const struct address *servers, size_t count)
{
	char octets[SERVERS_TEXT_SIZE] = "", text[ADDRESS_TEXT_SIZE_MAX];
	struct text_writer writer = text_writer_over(octets, sizeof(octets) - 1);

	if (count == 0) {
		return true;
	}
	for (size_t i = 0; i < count && i < LOOP_NAME_SERVER_COUNT_MAX; i++) {
		text_write_string(&writer, i > 0 ? "," : "");
		text_write_string(&writer, address_format(&servers[i], text));
	}
	return text_writer_end(&writer) == STATUS_OK &&
		ares_set_servers_ports_csv(channel, octets) == ARES_SUCCESS;
}

struct loop_names *
loop_names_new(struct loop *loop, const struct address *servers, size_t server_count)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	static char dns_alone[] = "b";
	struct loop_names *names = calloc(1, sizeof(*names));
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH,
		.timeout = WAIT_MS,
		.tries = LOOP_NAME_TRY_COUNT,
		.lookups = dns_alone,
		.sock_state_cb = socket_changed,
		.sock_state_cb_data = names,
	};

	pthread_once(&once, library_begin);
	if (names == NULL) {
		return NULL;
	}
	names->loop = loop;
	if (ares_init_options(&names->channel, &options,
		    ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
			    ARES_OPT_DOMAINS | ARES_OPT_SOCK_STATE_CB) != ARES_SUCCESS) {
		free(names);
		return NULL;
	}
	if (!servers_set(names->channel, servers, server_count)) {
		loop_names_free(names);
		return NULL;
	}
	return names;
}

void
loop_names_free(struct loop_names *names)
{
	if (names == NULL) {
		return;
	}
	names->is_ending = true;
	ares_destroy(names->channel);
	loop_timer_clear(names->loop, &names->due);
	loop_timer_clear(names->loop, &names->telling);
	while (names->first_done != NULL) {
		struct look_up *look_up = names->first_done;

		names->first_done = look_up->next;
		free(look_up);
	}
	free(names);
}

static bool
address_take(struct loop_name *name, const struct sockaddr *found, socklen_t size)
{
	struct address address = {.size = 0};

	if (found->sa_family == AF_INET && size == sizeof(address.v4)) {
		memcpy(&address.v4, found, size);
		address.v4.sin_port = 0;
	} else if (found->sa_family == AF_INET6 && size == sizeof(address.v6)) {
		memcpy(&address.v6, found, size);
		address.v6.sin6_port = 0;
	} else {
		return false;
	}
	address.size = size;
	for (size_t i = 0; i < name->count; i++) {
		if (address_equal(&name->addresses[i], &address)) {
			return false;
		}
	}
	name->addresses[name->count++] = address;
	return true;
}

/* Two of each family first, so that neither pushes the other out; then what else there is. */
static void
addresses_take(struct loop_name *name, const struct ares_addrinfo *found)
{
	size_t v4_left = PER_FAMILY_COUNT, v6_left = PER_FAMILY_COUNT;

	for (int round = 0; round < 2; round++) {
		for (const struct ares_addrinfo_node *node = found->nodes;
			node != NULL && name->count < LOOP_NAME_ADDRESS_COUNT_MAX;
			node = node->ai_next) {
			size_t *left = node->ai_family == AF_INET6 ? &v6_left : &v4_left;

			if ((round > 0 || *left > 0) &&
				address_take(name, node->ai_addr, node->ai_addrlen)) {
				*left -= *left > 0;
			}
		}
	}
	name->ttl_s = UINT32_MAX;
	for (const struct ares_addrinfo_node *node = found->nodes; node != NULL;
		node = node->ai_next) {
		uint32_t ttl_s = node->ai_ttl < 0 ? 0 : (uint32_t)node->ai_ttl;

		name->ttl_s = ttl_s < name->ttl_s ? ttl_s : name->ttl_s;
	}
}

static enum status
status_from(int code)
{
	switch (code) {
	case ARES_SUCCESS:
	case ARES_ENOTFOUND:
	case ARES_ENODATA:
	case ARES_EBADNAME:
		return STATUS_NOT_FOUND; /* Unless there are addresses. */
	case ARES_ETIMEOUT:
		return STATUS_TIMED_OUT;
	case ARES_ENOMEM:
		return STATUS_NO_MEMORY;
	default:
		return STATUS_SYSTEM;
	}
}

static void
names_tell(void *context)
{
	struct loop_names *names = context;
	struct look_up *look_up = names->first_done;

	names->first_done = look_up->next;
	if (names->first_done == NULL) {
		names->last_done = NULL;
	} else {
		loop_timer_set(
			names->loop, &names->telling, loop_now_ms(names->loop), names_tell, names);
	}
	look_up->found(look_up->context, &look_up->name); /* `names` may go in here. */
	free(look_up);
}

/* The library's callback, at times from within ares_getaddrinfo(): told from a timer. */
static void
look_up_done(void *context, int code, int timeouts, struct ares_addrinfo *found)
{
	struct look_up *look_up = context;
	struct loop_names *names = look_up->names;

	(void)timeouts;
	if (names->is_ending) {
		ares_freeaddrinfo(found);
		free(look_up);
		return;
	}
	look_up->name.status = status_from(code);
	if (found != NULL) {
		addresses_take(&look_up->name, found);
		ares_freeaddrinfo(found);
	}
	if (look_up->name.count > 0) {
		look_up->name.status = STATUS_OK;
	}
	*(names->last_done == NULL ? &names->first_done : &names->last_done->next) = look_up;
	names->last_done = look_up;
	if (!names->telling.is_set) {
		loop_timer_set(
			names->loop, &names->telling, loop_now_ms(names->loop), names_tell, names);
	}
}

enum status
loop_names_find(struct loop_names *names, const char *host, loop_name_found *found, void *context)
{
	const struct ares_addrinfo_hints hints = {
		.ai_flags = ARES_AI_NOSORT, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
	struct look_up *look_up = calloc(1, sizeof(*look_up));

	if (look_up == NULL) {
		return STATUS_NO_MEMORY;
	}
	look_up->names = names;
	look_up->found = found;
	look_up->context = context;
	ares_getaddrinfo(names->channel, host, NULL, &hints, look_up_done, look_up);
	names_settle(names);
	return STATUS_OK;
}
