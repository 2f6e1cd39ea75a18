#include "messages/edge/header.hpp"

#include "messages/chat/codec.hpp"
#include "messages/edge/packing.hpp"

namespace causeway::edge {

/// Streams are at most 64, versions a handful; longer lists are nonsense.
constexpr std::size_t list_count_max = 64;

template <>
struct contract<credit_grant> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("messages", x.messages);
    f.required("bytes", x.bytes);
  }
};
template <>
struct contract<hello_header> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("versions", x.versions);
    f.optional("client", x.client, limits::identifier_bytes_max);
    f.optional("peer", x.peer, limits::identifier_bytes_max);
    f.optional("streams", x.streams);
    f.required("credit", x.credit);
    if (x.versions.size() > list_count_max) f.refuse("versions", "has too many entries", fault_code::too_large);
    if (x.streams && x.streams->size() > list_count_max) f.refuse("streams", "has too many entries", fault_code::too_large);
  }
};
template <>
struct contract<welcome_header> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("version", x.version);
    f.required("broker", x.broker);
    f.required("server_name", x.server_name);
    f.required("streams", x.streams);
    f.required("acked", x.acked);
    f.required("heads", x.heads);
    f.required("command_credit", x.command_credit);
    f.required("heartbeat_ms", x.heartbeat_ms);
    f.required("peer_timeout_ms", x.peer_timeout_ms);
  }
};
template <>
struct contract<command_header> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.optional("id", x.id, limits::command_id_bytes_max);
    f.required("command", x.command, limits::identifier_bytes_max);
  }
};
template <>
struct contract<result_header> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("id", x.id);
    f.required("ok", x.ok);
    f.optional("repeated", x.repeated);
    f.optional("ignored", x.ignored);
  }
};
template <>
struct contract<event_header> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.optional("stream", x.stream);
    f.optional("cursor", x.cursor);
    f.required("event", x.event);
  }
};
template <>
struct contract<ack_header> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("stream", x.stream);
    f.required("cursor", x.cursor);
  }
};
template <>
struct contract<nack_header> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("stream", x.stream);
    f.required("cursor", x.cursor);
    f.required("permanent", x.permanent);
    f.optional("reason", x.reason, reason_bytes_max);
  }
};
template <>
struct contract<credit_header> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    contract<credit_grant>::fields(f, x.more);
  }
};
template <>
struct contract<ping_header> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.optional("t", x.t);
  }
};
template <>
struct contract<seek_header> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("stream", x.stream);
    f.required("cursor", x.cursor);
  }
};
template <>
struct contract<sought_header> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("stream", x.stream);
    f.required("cursor", x.cursor);
    f.required("granted", x.granted);
  }
};
template <>
struct contract<bye_header> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.optional("reason", x.reason, reason_bytes_max);
  }
};
template <>
struct contract<error_header> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.optional("id", x.id, limits::command_id_bytes_max);
    f.optional("stream", x.stream);
    f.optional("versions", x.versions);
  }
};

template <class Header>
result<Header> decode_header(std::string_view bytes) {
  if (bytes.size() > header_bytes_max)
    return {fault_code::too_large, "the header is over " + std::to_string(header_bytes_max) + " bytes"};
  auto header = unpack<Header>(bytes, fault_code::bad_frame);
  if (!header) return {header.error().code, "header: " + header.error().detail};
  return header;
}

template <class Header>
std::string encode_header(const Header& x) {
  return pack(x);
}

#define CAUSEWAY_HEADER(Header)                                 \
  template result<Header> decode_header<Header>(std::string_view); \
  template std::string encode_header<Header>(const Header&);
CAUSEWAY_HEADER(hello_header)
CAUSEWAY_HEADER(welcome_header)
CAUSEWAY_HEADER(command_header)
CAUSEWAY_HEADER(result_header)
CAUSEWAY_HEADER(event_header)
CAUSEWAY_HEADER(ack_header)
CAUSEWAY_HEADER(nack_header)
CAUSEWAY_HEADER(credit_header)
CAUSEWAY_HEADER(ping_header)
CAUSEWAY_HEADER(seek_header)
CAUSEWAY_HEADER(sought_header)
CAUSEWAY_HEADER(bye_header)
CAUSEWAY_HEADER(error_header)
#undef CAUSEWAY_HEADER

error_header subject_of(verb what, std::string_view header) {
  error_header subject;
  if (header.size() > header_bytes_max) return subject;
  // Read as what is to be told: whatever else the header has, or lacks, is why there is an ERROR.
  const auto read = unpack<error_header>(header, fault_code::bad_frame);
  if (!read) return subject;
  if (what == verb::command) subject.id = read->id;
  if (what == verb::ack || what == verb::nack || what == verb::seek) subject.stream = read->stream;
  return subject;
}

frame make_error(const fault& why, const error_header& about) {
  return {verb::error, encode_header(about), chat::encode(why)};
}

} // namespace causeway::edge
