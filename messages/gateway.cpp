#include "messages/gateway.hpp"

#include "messages/limits.hpp"

#include <msgpack.hpp>

#include <initializer_list>
#include <optional>
#include <string_view>

namespace causeway::gateway {
namespace {

using edge::frame;
using edge::verb;

/// Headers hold a request target and a few Authorization values, never a body.
constexpr std::size_t header_bytes_max = 64 * 1024;
constexpr std::size_t header_items_max = 256;
constexpr int http_status_max = 599;
/// A request may wait this long for its peer, at most; far above any time-out of the specification's dances.
constexpr std::uint64_t timeout_ms_max = 3'600'000;
/// The year 9999: what an HTTP date can say.
constexpr std::uint64_t date_ms_max = 253'402'300'800'000;

constexpr std::string_view kind_http_request = "http_request";
constexpr std::string_view kind_http_answer = "http_answer";
constexpr std::string_view kind_federation_request = "federation_request";
constexpr std::string_view kind_federation_answer = "federation_answer";
constexpr std::string_view kind_http_piece = "http_piece";
constexpr std::string_view kind_stream_credit = "stream_credit";
constexpr std::string_view kind_body_request = "body_wanted";

using packer = msgpack::packer<msgpack::sbuffer>;

void put(packer& p, std::string_view x) {
  p.pack_str(static_cast<std::uint32_t>(x.size()));
  p.pack_str_body(x.data(), static_cast<std::uint32_t>(x.size()));
}

void put(packer& p, std::string_view key, std::string_view x) {
  put(p, key);
  put(p, x);
}

void put(packer& p, std::string_view key, std::uint64_t x) {
  put(p, key);
  p.pack_uint64(x);
}

void put(packer& p, std::string_view key, const std::vector<std::string>& x) {
  put(p, key);
  p.pack_array(static_cast<std::uint32_t>(x.size()));
  for (const auto& one : x) put(p, one);
}

void put(packer& p, std::string_view key, const std::vector<std::pair<std::string, std::string>>& x) {
  put(p, key);
  p.pack_map(static_cast<std::uint32_t>(x.size()));
  for (const auto& [name, text] : x) put(p, name, text);
}

frame finish(verb what, const msgpack::sbuffer& header, const std::string& body) {
  return {what, std::string{header.data(), header.size()}, body};
}

/// The header map of a frame. The first wrong or missing key is remembered; later reads then do nothing.
class header_reader {
public:
  header_reader(const frame& x, verb expected, std::string_view kind) {
    if (x.what != expected) fail("the verb is " + std::string{edge::name(x.what)});
    else if (x.header.size() > header_bytes_max) fail("over " + std::to_string(header_bytes_max) + " bytes");
    else unpack(x.header);
    std::string found;
    read("kind", found);
    if (!why_ && found != kind) fail("kind");
  }

  void read(std::string_view key, std::string& to) {
    if (const auto* x = find(key)) text(key, *x, to);
  }

  void read(std::string_view key, std::uint64_t& to, std::uint64_t max) {
    const auto* x = find(key);
    if (x == nullptr) return;
    if (x->type != msgpack::type::POSITIVE_INTEGER || x->via.u64 > max) return fail(key);
    to = x->via.u64;
  }

  template <class Number>
  void read_number(std::string_view key, Number& to, std::uint64_t max) {
    std::uint64_t wide = 0;
    read(key, wide, max);
    to = static_cast<Number>(wide);
  }

  void read(std::string_view key, std::vector<std::string>& to) {
    const auto* x = find(key);
    if (x == nullptr) return;
    if (x->type != msgpack::type::ARRAY) return fail(key);
    to.resize(x->via.array.size);
    for (std::size_t i = 0; i < to.size(); ++i) text(key, x->via.array.ptr[i], to[i]);
  }

  void read(std::string_view key, std::vector<std::pair<std::string, std::string>>& to) {
    const auto* x = find(key);
    if (x == nullptr) return;
    if (x->type != msgpack::type::MAP) return fail(key);
    to.resize(x->via.map.size);
    for (std::size_t i = 0; i < to.size(); ++i) {
      text(key, x->via.map.ptr[i].key, to[i].first);
      text(key, x->via.map.ptr[i].val, to[i].second);
    }
  }

  bool has(std::string_view key) { return !why_ && lookup(key) != nullptr; }
  void fail(std::string_view key) {
    if (!why_) why_ = fault{fault_code::bad_frame, "gateway header: " + std::string{key}};
  }
  const std::optional<fault>& why() const { return why_; }

private:
  void unpack(const std::string& header) {
    try {
      const msgpack::unpack_limit limit{
        header_items_max, header_items_max, header_bytes_max, header_bytes_max, 0, limits::msgpack_depth_max};
      std::size_t offset = 0;
      handle_ = msgpack::unpack(header.data(), header.size(), offset, nullptr, nullptr, limit);
      if (offset != header.size()) fail("bytes after its map");
      else if (handle_.get().type != msgpack::type::MAP) fail("no map");
    } catch (const std::exception&) { // msgpack-c reports bad input by exceptions of several bases
      fail("not msgpack within the bounds");
    }
  }

  const msgpack::object* lookup(std::string_view key) const {
    const auto& map = handle_.get().via.map;
    for (std::uint32_t i = 0; i < map.size; ++i) {
      const auto& name = map.ptr[i].key;
      if (name.type == msgpack::type::STR && std::string_view{name.via.str.ptr, name.via.str.size} == key)
        return &map.ptr[i].val;
    }
    return nullptr;
  }

  const msgpack::object* find(std::string_view key) {
    if (why_) return nullptr;
    const auto* x = lookup(key);
    if (x == nullptr) fail(key);
    return x;
  }

  void text(std::string_view key, const msgpack::object& x, std::string& to) {
    if (x.type != msgpack::type::STR) return fail(key);
    to.assign(x.via.str.ptr, x.via.str.size);
  }

  msgpack::object_handle handle_;
  std::optional<fault> why_;
};

} // namespace

edge::frame encode(const http_request& x) {
  msgpack::sbuffer out;
  packer p{out};
  p.pack_map(8 + (x.stream != 0 ? 1 : 0) + (x.url.empty() ? 0 : 1));
  put(p, "id", x.id);
  put(p, "kind", kind_http_request);
  put(p, "server", x.server_name);
  put(p, "method", x.method);
  put(p, "target", x.target);
  put(p, "authorization", x.authorization);
  put(p, "timeout_ms", std::uint64_t{x.timeout_ms});
  put(p, "response_bytes_max", x.response_bytes_max);
  if (x.stream != 0) put(p, "stream", x.stream);
  if (!x.url.empty()) put(p, "url", x.url);
  return finish(verb::command, out, x.body);
}

result<http_request> decode_http_request(const edge::frame& x) {
  http_request out;
  header_reader in{x, verb::command, kind_http_request};
  in.read("id", out.id, UINT64_MAX);
  in.read("server", out.server_name);
  in.read("method", out.method);
  in.read("target", out.target);
  in.read("authorization", out.authorization);
  in.read_number("timeout_ms", out.timeout_ms, timeout_ms_max);
  if (in.has("stream")) in.read("stream", out.stream, UINT64_MAX);
  in.read("response_bytes_max", out.response_bytes_max,
          out.stream != 0 ? limits::streamed_response_bytes_max : limits::response_bytes_max);
  if (in.has("url")) in.read("url", out.url);
  if (in.why()) return *in.why();
  out.body = x.body;
  return out;
}

edge::frame encode(const http_answer& x) {
  msgpack::sbuffer out;
  packer p{out};
  const bool failed = x.why.code != fault_code::none;
  const std::uint32_t members = 6, of_failure = 3;
  p.pack_map(members + (failed ? of_failure : 0) + (x.retry_after_ms != 0 ? 1 : 0) + (x.date_ms > 0 ? 1 : 0));
  put(p, "id", x.id);
  put(p, "kind", kind_http_answer);
  put(p, "status", static_cast<std::uint64_t>(x.status));
  put(p, "content_type", x.content_type);
  put(p, "address", x.address);
  put(p, "elapsed_ms", std::uint64_t{x.elapsed_ms});
  if (x.retry_after_ms != 0) put(p, "retry_after_ms", std::uint64_t{x.retry_after_ms});
  if (x.date_ms > 0) put(p, "date_ms", static_cast<std::uint64_t>(x.date_ms));
  if (failed) {
    put(p, "fault", info(x.why.code).name);
    put(p, "detail", x.why.detail);
    put(p, "phase", name(x.phase));
  }
  return finish(verb::result, out, x.body);
}

result<http_answer> decode_http_answer(const edge::frame& x) {
  http_answer out;
  header_reader in{x, verb::result, kind_http_answer};
  in.read("id", out.id, UINT64_MAX);
  in.read_number("status", out.status, http_status_max);
  in.read("content_type", out.content_type);
  in.read("address", out.address);
  in.read_number("elapsed_ms", out.elapsed_ms, UINT32_MAX);
  if (in.has("retry_after_ms")) in.read_number("retry_after_ms", out.retry_after_ms, UINT32_MAX);
  if (in.has("date_ms")) in.read_number("date_ms", out.date_ms, date_ms_max);
  if (in.has("fault")) {
    std::string word;
    in.read("fault", word);
    const auto* row = find_fault(word);
    if (row == nullptr) in.fail("fault");
    else out.why.code = row->code;
    if (in.has("detail")) in.read("detail", out.why.detail);
    if (in.has("phase")) { // a word of a newer gateway says nothing here
      in.read("phase", word);
      out.phase = find_request_phase(word);
    }
  }
  if (in.why()) return *in.why();
  out.body = x.body;
  return out;
}

edge::frame encode(const http_piece& x) {
  msgpack::sbuffer out;
  packer p{out};
  p.pack_map(4);
  put(p, "kind", kind_http_piece);
  put(p, "stream", x.stream);
  put(p, "content_type", x.content_type);
  put(p, "content_disposition", x.content_disposition);
  return finish(verb::event, out, x.body);
}

result<http_piece> decode_http_piece(const edge::frame& x) {
  http_piece out;
  header_reader in{x, verb::event, kind_http_piece};
  in.read("stream", out.stream, UINT64_MAX);
  in.read("content_type", out.content_type);
  in.read("content_disposition", out.content_disposition);
  if (in.why()) return *in.why();
  out.body = x.body;
  return out;
}

edge::frame encode(const stream_credit& x) {
  msgpack::sbuffer out;
  packer p{out};
  p.pack_map(4);
  put(p, "kind", kind_stream_credit);
  put(p, "stream", x.stream);
  put(p, "bytes", x.bytes);
  put(p, "cancel", std::uint64_t{x.cancel});
  return finish(verb::credit, out, {});
}

result<stream_credit> decode_stream_credit(const edge::frame& x) {
  stream_credit out;
  header_reader in{x, verb::credit, kind_stream_credit};
  in.read("stream", out.stream, UINT64_MAX);
  in.read("bytes", out.bytes, limits::streamed_response_bytes_max);
  in.read_number("cancel", out.cancel, 1);
  if (in.why()) return *in.why();
  return out;
}

edge::frame encode(const body_request& x) {
  msgpack::sbuffer out;
  packer p{out};
  p.pack_map(5);
  put(p, "kind", kind_body_request);
  put(p, "id", x.id);
  put(p, "stream", x.stream);
  put(p, "offset", x.offset);
  put(p, "bytes", x.bytes);
  return finish(verb::seek, out, {});
}

result<body_request> decode_body_request(const edge::frame& x) {
  body_request out;
  header_reader in{x, verb::seek, kind_body_request};
  in.read("id", out.id, UINT64_MAX);
  in.read("stream", out.stream);
  in.read("offset", out.offset, limits::streamed_response_bytes_max);
  in.read("bytes", out.bytes, limits::streamed_part_bytes_max);
  if (in.why()) return *in.why();
  return out;
}

edge::frame encode(const federation_request& x) {
  msgpack::sbuffer out;
  packer p{out};
  p.pack_map(7);
  put(p, "id", x.id);
  put(p, "kind", kind_federation_request);
  put(p, "method", x.method);
  put(p, "target", x.target);
  put(p, "authorization", x.authorization);
  put(p, "remote_address", x.remote_address);
  put(p, "has_body");
  x.body.empty() ? p.pack_false() : p.pack_true();
  return finish(verb::command, out, x.body);
}

result<federation_request> decode_federation_request(const edge::frame& x) {
  federation_request out;
  header_reader in{x, verb::command, kind_federation_request};
  in.read("id", out.id, UINT64_MAX);
  in.read("method", out.method);
  in.read("target", out.target);
  in.read("authorization", out.authorization);
  in.read("remote_address", out.remote_address);
  if (in.why()) return *in.why();
  out.body = x.body;
  return out;
}

edge::frame encode(const federation_answer& x) {
  msgpack::sbuffer out;
  packer p{out};
  p.pack_map(4 + (x.headers.empty() ? 0 : 1) + (x.stream.empty() ? 0 : 3));
  put(p, "id", x.id);
  put(p, "kind", kind_federation_answer);
  put(p, "status", static_cast<std::uint64_t>(x.status));
  put(p, "content_type", x.content_type);
  if (!x.headers.empty()) put(p, "headers", x.headers);
  if (!x.stream.empty()) {
    put(p, "stream", x.stream);
    put(p, "stream_bytes", x.stream_bytes);
    put(p, "tail", x.tail);
  }
  return finish(verb::result, out, x.body);
}

result<federation_answer> decode_federation_answer(const edge::frame& x) {
  federation_answer out;
  header_reader in{x, verb::result, kind_federation_answer};
  in.read("id", out.id, UINT64_MAX);
  in.read_number("status", out.status, http_status_max);
  in.read("content_type", out.content_type);
  if (in.has("headers")) in.read("headers", out.headers);
  if (in.has("stream")) {
    in.read("stream", out.stream);
    in.read("stream_bytes", out.stream_bytes, limits::streamed_response_bytes_max);
    in.read("tail", out.tail);
  }
  if (!in.why() && out.status < 200) in.fail("status");
  if (in.why()) return *in.why();
  out.body = x.body;
  return out;
}

} // namespace causeway::gateway
