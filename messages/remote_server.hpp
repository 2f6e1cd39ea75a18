#pragma once
#include "messages/address.hpp"
#include "messages/fault.hpp"
#include "messages/gateway.hpp"
#include "messages/matrix/endpoints.hpp"
#include "messages/matrix/presence.hpp"
#include "messages/matrix/signing.hpp"
#include "messages/matrix/transaction.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// What a remote_server actor hears: one per other homeserver. It alone holds that server's keys, queue and back-off.
namespace causeway {

/// room -> remote_server, after the commit that queued it: a PDU is owed to this server.
struct pdu_queued {
  matrix::event_ptr event;
  std::string chat_room_id;         ///< for delivery notifications
  std::string chat_message_id = {}; ///< likewise; empty: the chat server has no name for the event
  std::size_t destinations = 1;     ///< servers that the event goes to

  static void fields(auto& f, auto& x) {
    f.required("event", x.event);
    f.optional("chat_room_id", x.chat_room_id);
    f.optional("chat_message_id", x.chat_message_id);
    f.optional("destinations", x.destinations);
  }
};

/// Anyone -> remote_server: an EDU to send with the next transaction. A newer one with the same key replaces an older.
struct edu_queued {
  std::string edu_type;
  std::string key;              ///< what it is about, e.g. "typing|!room|@user"
  std::string content;          ///< canonical JSON of `content`
  std::size_t destinations = 1; ///< servers that it goes to
  address reply_to = {};        ///< told what became of it, with `edu_completed`
  token asked = 0;              ///< 0: nobody wants to know

  static void fields(auto& f, auto& x) {
    f.required("edu_type", x.edu_type);
    f.required("key", x.key);
    f.required("content", x.content);
    f.optional("destinations", x.destinations);
    f.optional("reply_to", x.reply_to);
    f.optional("asked", x.asked);
  }
};
/// remote_server -> who queued an EDU with a token.
struct edu_completed {
  token asked = 0;
  std::string server_name;
  bool delivered = false; ///< false: it was dropped, because the server is down or does not want it

  static void fields(auto& f, auto& x) {
    f.required("asked", x.asked);
    f.required("server_name", x.server_name);
    f.optional("delivered", x.delivered);
  }
};

/// remote_server -> directory: whether users of that server are there, out of one EDU.
struct presence_received {
  std::string origin;
  std::vector<matrix::presence> users;

  static void fields(auto& f, auto& x) {
    f.required("origin", x.origin);
    f.required("users", x.users);
  }
};

/// Anyone -> remote_server: send this signed request, answer with `peer_answer`.
struct peer_request {
  address reply_to;
  token asked = 0;
  matrix::endpoint endpoint = matrix::endpoint::version;
  std::vector<std::string> parameters; ///< path parameters, not encoded
  std::vector<std::pair<std::string, std::string>> query;
  std::string body; ///< JSON; empty: none
  std::uint32_t timeout_ms = 60'000;
  std::uint64_t response_bytes_max = 1024 * 1024;
  std::uint64_t stream = 0; ///< not 0: see gateway::http_request

  static void fields(auto& f, auto& x) {
    f.required("reply_to", x.reply_to);
    f.required("asked", x.asked);
    f.required("endpoint", x.endpoint);
    f.optional("parameters", x.parameters);
    f.optional("query", x.query);
    f.optional("body", x.body);
    f.optional("timeout_ms", x.timeout_ms);
    f.optional("response_bytes_max", x.response_bytes_max);
    f.optional("stream", x.stream);
  }
};

/// remote_server -> asker. Always sent, once: what the endpoint promises, a refusal, or the fault that prevented an
/// answer.
struct peer_answer {
  token asked = 0;
  std::string server_name;
  /// HTTP: 200 with a body of the promised shape (messages/matrix/answer_shapes.hpp), or 400 and above. 0: no answer,
  /// see `why`; also where something was answered that the endpoint never answers (a web page, 204, a redirect): fault
  /// peer_bad_answer.
  int status = 0;
  std::string body;
  /// Set for status 0 and for 400 and above: peer_refused with errcode and error; peer_bad_answer for a 4xx that is no
  /// Matrix error.
  fault why;
  std::string errcode; ///< Matrix errcode of a refusal, empty when the body had none

  static void fields(auto& f, auto& x) {
    f.required("asked", x.asked);
    f.required("server_name", x.server_name);
    f.optional("status", x.status);
    f.optional("body", x.body);
    f.optional("why", x.why);
    f.optional("errcode", x.errcode);
  }
};

/// verifier -> remote_server: the verify keys, fresh enough for an event of that time.
struct keys_request {
  address reply_to;
  token asked = 0;
  std::int64_t valid_at_ts = 0;     ///< a key valid until at least then is wanted; 0: any
  std::vector<std::string> key_ids; ///< fetched again (with back-off) when one of these is unknown
  bool wants_document =
    false;               ///< our own notary does: fetched when only the keys are known, and from the server itself only
  bool in_crowd = false; ///< asked for with those of many other servers: notaries are asked at once, beside the server
  bool are_doubted =
    false; ///< a signature does not match the known keys: the server itself is asked again, at bounded intervals

  static void fields(auto& f, auto& x) {
    f.required("reply_to", x.reply_to);
    f.required("asked", x.asked);
    f.optional("valid_at_ts", x.valid_at_ts);
    f.optional("key_ids", x.key_ids);
    f.optional("wants_document", x.wants_document);
    f.optional("in_crowd", x.in_crowd);
    f.optional("are_doubted", x.are_doubted);
  }
};
struct keys_response {
  token asked = 0;
  std::string server_name;
  std::shared_ptr<const matrix::verify_keys> keys; ///< as many as are known, perhaps none
  /// What the server said of them, as it signed it, the latest first: canonical JSON, for a notary. Null: not known.
  std::shared_ptr<const std::vector<std::string>> documents = nullptr;

  static void fields(auto& f, auto& x) {
    f.required("asked", x.asked);
    f.required("server_name", x.server_name);
    f.required("keys", x.keys);
    f.optional("documents", x.documents);
  }
};

/// remote_server -> remote_server of a notary: what do you know of the keys of that server? Those who ask within a
/// moment are asked for together. Answered with `notary_keys_response`.
struct notary_keys_request {
  std::string server_name; ///< whose keys, and who is answered
  token asked = 0;
  std::int64_t valid_at_ts = 0;     ///< minimum_valid_until_ts; 0: any
  std::vector<std::string> key_ids; ///< empty: all

  static void fields(auto& f, auto& x) {
    f.required("server_name", x.server_name);
    f.required("asked", x.asked);
    f.optional("valid_at_ts", x.valid_at_ts);
    f.optional("key_ids", x.key_ids);
  }
};
/// remote_server of a notary -> remote_server.
struct notary_keys_response {
  token asked = 0;
  std::string notary;
  /// Of the server that was asked for, and countersigned by the notary. Whether the server itself signed them is not
  /// checked yet.
  std::vector<matrix::json::object> documents;
  std::string why; ///< empty: the notary answered

  static void fields(auto& f, auto& x) {
    f.required("asked", x.asked);
    f.required("notary", x.notary);
    f.optional("documents", x.documents);
    f.optional("why", x.why);
  }
};

/// Gateway edge -> remote_server(origin): a request that claims to be of this server. It is authenticated here, then
/// answered here (`send`) or handed on.
struct inbound_request {
  std::string gateway;  ///< which gateway connection waits for the answer
  std::uint64_t id = 0; ///< the gateway's number for it
  std::shared_ptr<const gateway::federation_request> request;
  std::shared_ptr<const matrix::endpoint_match> match;
  std::shared_ptr<const std::vector<std::string>> authorization; ///< X-Matrix headers with this origin

  static void fields(auto& f, auto& x) {
    f.required("gateway", x.gateway);
    f.required("id", x.id);
    f.required("request", x.request);
    f.required("match", x.match);
    f.required("authorization", x.authorization);
  }
};

/// room -> remote_server(origin): the verdicts on its share of a received transaction.
struct pdu_outcome {
  std::string event_id; ///< as in the answer to PUT /send
  std::string error;    ///< empty: taken (accepted, soft-failed, rejected or staged)

  static void fields(auto& f, auto& x) {
    f.required("event_id", x.event_id);
    f.optional("error", x.error);
  }
};
struct pdus_handled {
  token asked = 0;
  std::vector<pdu_outcome> outcomes;
  bool overloaded = false; ///< the room has too much under way: the sender is to repeat the transaction

  static void fields(auto& f, auto& x) {
    f.required("asked", x.asked);
    f.optional("outcomes", x.outcomes);
    f.optional("overloaded", x.overloaded);
  }
};

/// Gateway edge -> remote_server(origin): a call that was handed on is answered.
struct call_answered {
  std::string gateway;
  std::uint64_t id = 0;
  std::uint64_t bytes = 0; ///< of the answer's body, what of it is streamed included
  int status = 0;          ///< HTTP status of the answer; 0: not told
  std::string error = {};  ///< of a status from 400 on: the beginning of the body

  static void fields(auto& f, auto& x) {
    f.required("gateway", x.gateway);
    f.required("id", x.id);
    f.optional("bytes", x.bytes);
    f.optional("status", x.status);
    f.optional("error", x.error);
  }
};

/// Operator -> remote_server.
struct retry_now {
  static void fields(auto&, auto&) {}
};
/// Operator -> remote_server: nothing more is sent to the server, or everything again. What is owed to it is kept.
struct pause_request {
  bool paused = false;
  std::string reason; ///< in the operator's words

  static void fields(auto& f, auto& x) {
    f.required("paused", x.paused);
    f.optional("reason", x.reason);
  }
};

} // namespace causeway
