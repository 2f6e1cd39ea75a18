#include "messages/edge/packing.hpp"

#include "messages/federation_switches.hpp"
#include "messages/matrix/json.hpp"
#include "messages/matrix/media.hpp"
#include "messages/text.hpp"

#include <algorithm>
#include <utility>

namespace causeway::edge {
namespace {

/// Walks the bytes without allocating more than its stack of `msgpack_depth_max` entries.
class bound_checker : public msgpack::null_visitor {
public:
  explicit bound_checker(map_bounds most) : most_(most) {}
  bool visit_nil() { return count(); }
  bool visit_boolean(bool) { return count(); }
  bool visit_positive_integer(std::uint64_t) { return count(); }
  bool visit_negative_integer(std::int64_t) { return count(); }
  bool visit_float32(float) { return count(); }
  bool visit_float64(double) { return count(); }
  bool visit_bin(const char*, std::uint32_t) { return count(); }
  bool visit_ext(const char*, std::uint32_t) { return count(); }
  bool visit_str(const char* text, std::uint32_t size) {
    if (!count()) return false;
    if (!most_.only_utf8 || matrix::json::is_utf8({text, size})) return true;
    return stop("a string is not UTF-8");
  }
  bool start_array(std::uint32_t size) { return count() && enter(size); }
  bool end_array() { return leave(); }
  bool start_map(std::uint32_t size) { return count() && enter(size); }
  bool end_map() { return leave(); }
  void parse_error(std::size_t, std::size_t) { stop("it is not msgpack"); }
  void insufficient_bytes(std::size_t, std::size_t) { stop("it ends too early"); }
  bool referenced() const { return false; }

  const char* why() const { return why_; }

private:
  bool count() { return ++values_ <= most_.values_max || stop("it has too many values"); }
  bool enter(std::uint32_t size) {
    if (size > most_.values_max) return stop("it has too many values");
    return ++depth_ <= limits::msgpack_depth_max || stop("it is nested too deeply");
  }
  bool leave() {
    --depth_;
    return true;
  }
  bool stop(const char* why) {
    if (why_ == nullptr) why_ = why;
    return false;
  }

  const map_bounds most_;
  std::size_t values_ = 0, depth_ = 0;
  const char* why_ = nullptr;
};

constexpr std::string_view empty_map{"\x80", 1};

/// A name as it is told: not longer than `unknown_field_bytes_max`, cut between code points.
std::string shortened(std::string_view name) {
  if (name.size() <= unknown_field_bytes_max) return std::string{name};
  auto end = unknown_field_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;
  return std::string{name.substr(0, end)} + "...";
}

} // namespace

std::string_view text_of(const msgpack::object& x) { return {x.via.str.ptr, x.via.str.size}; }

const msgpack::object* value_at(const msgpack::object_map& map, std::string_view key) {
  const std::span entries{map.ptr, map.size};
  const auto found = std::ranges::find_if(
    entries, [&](const auto& each) { return each.key.type == msgpack::type::STR && text_of(each.key) == key; });
  return found == entries.end() || found->val.type == msgpack::type::NIL ? nullptr : &found->val;
}

result<unpacked_map> unpacked_map::parse(std::string_view bytes, fault_code code, map_bounds most) {
  if (bytes.empty()) bytes = empty_map;
  bound_checker checker{most};
  std::size_t end = 0;
  try {
    if (!msgpack::parse(bytes.data(), bytes.size(), end, checker))
      return {code, checker.why() != nullptr ? checker.why() : "it is not msgpack"};
    if (end != bytes.size()) return {code, "there are bytes after the map"};
    unpacked_map map;
    map.handle_ = std::make_shared<msgpack::object_handle>(
      msgpack::unpack(bytes.data(), bytes.size(), [](msgpack::type::object_type, std::size_t, void*) { return true; }));
    if (map.root().type != msgpack::type::MAP) return {code, "it is not a map"};
    return map;
  } catch (const std::exception&) { // msgpack-c reports by exceptions of several bases; none of them is the way out
    return {code, "it is not msgpack"};
  }
}

const msgpack::object* unpacked_map::find(std::string_view key) const {
  const auto& map = root().via.map;
  for (std::uint32_t i = 0; i < map.size; ++i)
    if (map.ptr[i].key.type == msgpack::type::STR && text_of(map.ptr[i].key) == key) return &map.ptr[i].val;
  return nullptr;
}

const msgpack::object* field_reader::find(std::string_view key, bool needed) {
  known_.push_back(key);
  if (why_) return nullptr;
  const auto* found = value_at(map_->via.map, key);
  if (!found && needed) why_ = fault{code_, path_ + std::string{key} + " is missing"};
  return found;
}

void field_reader::take_notes(const field_reader& inner) {
  for (auto& name : inner.unknown())
    if (std::find(inner_unknown_.begin(), inner_unknown_.end(), name) == inner_unknown_.end())
      inner_unknown_.push_back(std::move(name));
  if (!inner_known_.empty()) return; // of a list: the same for each entry
  for (const auto key : inner.known_) inner_known_.push_back(inner.path_ + std::string{key});
}

std::vector<std::string> field_reader::unknown() const {
  std::vector<std::string> out;
  if (map_->type != msgpack::type::MAP) return out;
  const auto& map = map_->via.map;
  for (std::uint32_t i = 0; i < map.size && out.size() < unknown_fields_max; ++i) {
    const auto& key = map.ptr[i].key;
    if (key.type == msgpack::type::STR && std::find(known_.begin(), known_.end(), text_of(key)) != known_.end())
      continue;
    auto name = key.type == msgpack::type::STR ? path_ + shortened(text_of(key)) : path_ + "(a key that is no string)";
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(std::move(name));
  }
  for (const auto& name : inner_unknown_)
    if (out.size() < unknown_fields_max) out.push_back(name);
  return out;
}

std::string field_reader::likely_meant(std::string_view unknown_name) const {
  auto candidates = inner_known_;
  for (const auto key : known_) candidates.push_back(path_ + std::string{key});
  return text::likely_meant(unknown_name, candidates);
}

fault with_unknown(fault why, const field_reader& reader) {
  const char* between = "; not known: ";
  for (const auto& name : reader.unknown()) {
    why.detail += std::exchange(between, ", ") + name;
    if (const auto meant = reader.likely_meant(name); !meant.empty()) why.detail += " (" + meant + "?)";
  }
  return why;
}

void field_reader::read_list(const char* key, std::vector<std::string>& x, std::size_t entries_max, reader read_one) {
  const auto* found = find(key, false);
  if (found == nullptr) return;
  if (found->type != msgpack::type::ARRAY) return wrong(key, "an array of strings");
  if (found->via.array.size > entries_max)
    return refuse(key, "has more than " + std::to_string(entries_max) + " entries", fault_code::too_large);
  x.resize(found->via.array.size);
  for (std::size_t i = 0; i < x.size() && !why_; ++i) (this->*read_one)(key, found->via.array.ptr[i], x[i]);
}

void field_reader::read_blob(const char* key, const msgpack::object& from, std::string& x, std::size_t bytes_max) {
  if (from.type != msgpack::type::BIN) return wrong(key, "bytes (bin)");
  if (from.via.bin.size > bytes_max)
    return refuse(key, "is over " + std::to_string(bytes_max) + " bytes", fault_code::too_large);
  x.assign(from.via.bin.ptr, from.via.bin.size);
}

void field_reader::read_id(const char* key, const msgpack::object& from, std::string& x) {
  read_text(key, from, x, limits::identifier_bytes_max);
  if (!why_ && x.empty()) refuse(key, "is empty", code_);
}

void field_reader::read_user(const char* key, const msgpack::object& from, std::string& x) {
  read_text(key, from, x, bytes_unbounded);
  if (why_) return;
  if (x.empty())
    refuse(key, "is empty: write your own id of the user, or their Matrix id", fault_code::invalid_identifier);
  if (x.size() > limits::identifier_bytes_max)
    refuse(key,
           "has " + std::to_string(x.size()) + " bytes: an id of a user has at most " +
             std::to_string(limits::identifier_bytes_max),
           fault_code::invalid_identifier);
}

void field_reader::read_text(const char* key, const msgpack::object& from, std::string& x, std::size_t bytes_max) {
  if (from.type != msgpack::type::STR) return wrong(key, "a string");
  if (from.via.str.size > bytes_max)
    return refuse(key, "is over " + std::to_string(bytes_max) + " bytes", fault_code::too_large);
  x.assign(from.via.str.ptr, from.via.str.size);
}

void field_reader::read(const char* key, const msgpack::object& from, bool& x, const field&) {
  if (from.type != msgpack::type::BOOLEAN) return wrong(key, "a boolean");
  x = from.via.boolean;
}

void field_reader::read(const char* key, const msgpack::object& from, std::int64_t& x, const field&) {
  const bool positive = from.type == msgpack::type::POSITIVE_INTEGER;
  if (!positive && from.type != msgpack::type::NEGATIVE_INTEGER) return wrong(key, "an integer");
  if (positive && from.via.u64 > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return wrong(key, "an integer of 64 bits with sign");
  x = from.via.i64;
}

void field_reader::read(const char* key, const msgpack::object& from, std::uint64_t& x, const field& is) {
  if (from.type != msgpack::type::POSITIVE_INTEGER) return wrong(key, "an integer from 0");
  x = from.via.u64;
  if (!later_ && (x < is.least || x > is.most))
    later_ = fault{code_, path_ + key + " lies in " + std::to_string(is.least) + " to " + std::to_string(is.most)};
}

void field_reader::read(const char* key, const msgpack::object& from, std::uint32_t& x, const field&) {
  if (from.type != msgpack::type::POSITIVE_INTEGER || from.via.u64 > std::numeric_limits<std::uint32_t>::max())
    return wrong(key, "an integer from 0 to 2^32-1");
  x = static_cast<std::uint32_t>(from.via.u64);
}

std::optional<std::uint8_t> field_reader::read_word(const char* key, const msgpack::object& from,
                                                    std::span<const char* const> words) {
  std::string expected;
  std::uint8_t value = 0;
  for (const std::string_view word : words) {
    if (from.type == msgpack::type::STR && word == text_of(from)) return value;
    expected += (value++ == 0 ? "" : " or ") + std::string{word};
  }
  wrong(key, expected.c_str());
  return {};
}

void field_reader::check_form(const char* key, const std::string& x, form wanted) {
  const auto refuse_later = [&](bool fine, const char* what) {
    if (!fine && !later_) later_ = fault{code_, path_ + key + " " + what};
  };
  switch (wanted) {
  case form::any: break;
  case form::mxc: return refuse_later(matrix::split_mxc(x).has_value(), "is no mxc://server/media_id");
  case form::media_type: return refuse_later(matrix::parse_media_type(x).has_value(), "is no media type");
  case form::visible: return refuse_later(text::shows_something(x), "has nothing that can be seen");
  case form::server_pattern:
    return refuse_later(is_server_pattern(x), ("has the entry " + text::quoted(x) +
                                               ", which is neither a server name nor `*.` before the name of a domain")
                                                .c_str());
  }
}

std::string field_writer::finish() const {
  sink map;
  packer{map}.pack_map(count_);
  map.bytes += out_.bytes;
  return std::move(map.bytes);
}

} // namespace causeway::edge
