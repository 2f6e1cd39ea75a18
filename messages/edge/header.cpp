#include "messages/edge/header.hpp"

#include "messages/chat/codec.hpp"
#include "messages/edge/packing.hpp"

namespace causeway::edge {

/// Streams are at most 64, versions a handful; longer lists are nonsense.
constexpr std::size_t list_count_max = 64;

std::optional<broken_rule> hello_header::broken() const {
  if (versions.size() > list_count_max) return {{"versions", "has too many entries", fault_code::too_large}};
  if (streams && streams->size() > list_count_max) return {{"streams", "has too many entries", fault_code::too_large}};
  return {};
}

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

#define CAUSEWAY_HEADER(Header)                                                                                        \
  template result<Header> decode_header<Header>(std::string_view);                                                     \
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
