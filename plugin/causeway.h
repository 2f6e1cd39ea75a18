#ifndef CAUSEWAY_H
#define CAUSEWAY_H
/*
 * Embeds a Causeway broker in a host process. Plain C; every function may be called from any thread.
 *
 *   causeway_node* node = causeway_start("/etc/causeway/causeway.toml");
 *   if (!node) fprintf(stderr, "%s\n", causeway_last_error());
 *   ... connect to causeway_endpoint(node) with any client of the chat contract ...
 *   causeway_stop(node);
 *
 * The host must block SIGPIPE or ignore it.
 */
#ifdef __cplusplus
extern "C" {
#endif

typedef struct causeway_node causeway_node;

/* Starts a broker with a configuration file. Returns NULL on failure; causeway_last_error() says why. */
causeway_node* causeway_start(const char* config_path);
/* The same with the configuration given as TOML text. */
causeway_node* causeway_start_text(const char* toml);
/* First endpoint where a chat server connects, valid until causeway_stop. */
const char* causeway_endpoint(const causeway_node* node);
/* Our name in the federation, valid until causeway_stop. */
const char* causeway_server_name(const causeway_node* node);
/* Stops in good order and frees the node. NULL is allowed. */
void causeway_stop(causeway_node* node);
/* Why the last call of this thread failed; empty when it did not. Valid until the thread's next call. */
const char* causeway_last_error(void);
/* Version of the software. */
const char* causeway_version(void);

#ifdef __cplusplus
}
#endif
#endif
