#include "plugin/edge/crossing_frames.hpp"

#include "messages/edge/packing.hpp"

#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

namespace causeway::edge {

template <>
struct wire_names<parcel::kind> {
  static constexpr const char* names[] = {"message", "returned", "last", "last_seen", "unread"};
};
/// As `name` spells them.
template <>
struct wire_names<actor_kind> {
  static constexpr const char* names[] = {"room",     "remote_server", "invitation", "session", "directory",
                                          "verifier", "store",         "gateway",    "edge",    "inspector",
                                          "media",    "receipts",      "node"};
};
static_assert(std::size(wire_names<actor_kind>::names) == actor_kinds);

namespace {

struct parcel_header {
  std::uint64_t number = 0;
  parcel::kind what = parcel::kind::message;
  std::optional<std::uint32_t> shard;
  std::uint64_t epoch = 0;
  address from, to;

  static void fields(auto& f, auto& x) {
    f.required("number", x.number);
    f.required("what", x.what);
    f.optional("shard", x.shard);
    f.optional("epoch", x.epoch);
    f.required("from", x.from);
    f.required("to", x.to);
  }
};

struct crossing_header {
  std::string server_name;
  std::int64_t from = 0, to = 0;
  std::uint64_t generation = 0, received = 0, last = 0;
  bool has_gap = false, asks = false;
  std::optional<parcel_header> parcel;

  static void fields(auto& f, auto& x) {
    f.required("server_name", x.server_name);
    f.required("from", x.from);
    f.required("to", x.to);
    f.required("generation", x.generation);
    f.required("received", x.received);
    f.required("last", x.last);
    f.optional("has_gap", x.has_gap);
    f.optional("asks", x.asks);
    f.optional("parcel", x.parcel);
  }
};

/// Keys of actors are no text where somebody's name is none: one that could not be read would hold up all that follows.
constexpr map_bounds header_bounds{100, false};

} // namespace

std::string encode_crossing_header(const link_frame& x, std::string_view server_name) {
  crossing_header h{std::string{server_name}, x.from, x.to, x.generation, x.received, x.last, x.has_gap, x.asks, {}};
  if (x.what) {
    const auto& p = *x.what;
    h.parcel = parcel_header{x.number, p.what, p.shard, p.epoch, p.from, p.to};
  }
  return pack(h);
}

result<link_frame> decode_crossing(frame x, std::string_view server_name) {
  const auto wrong = [](const std::string& what) { return fault{fault_code::bad_frame, "header: " + what}; };
  if (x.what != verb::event && x.what != verb::ack) return wrong("the verb is neither EVENT nor ACK");
  if (x.header.size() > crossing_header_bytes_max) return wrong("it is too large");
  const auto map = unpacked_map::parse(x.header, fault_code::bad_frame, header_bounds);
  if (!map) return wrong(map.error().detail);
  crossing_header h;
  field_reader reader{map->root(), fault_code::bad_frame};
  reader.read_all(h);
  if (reader.why()) return wrong(reader.why()->detail);
  if (h.server_name != server_name) return {fault_code::role_denied, "it is a node of another server"};
  link_frame made{h.from, h.to, h.generation, h.received, h.last, h.has_gap, h.asks, 0, nullptr};
  if (!h.parcel) return made;
  if (h.parcel->shard && *h.parcel->shard >= shard_count) return wrong("there is no such shard");
  if (h.parcel->number == 0) return wrong("a parcel has no number");
  made.number = h.parcel->number;
  parcel p{h.parcel->what, {}, h.parcel->epoch, std::move(h.parcel->from), std::move(h.parcel->to), std::move(x.body)};
  if (h.parcel->shard) p.shard = static_cast<shard_number>(*h.parcel->shard);
  made.what = std::make_shared<const parcel>(std::move(p));
  return made;
}

} // namespace causeway::edge
