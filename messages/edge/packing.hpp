#pragma once
#include "messages/edge/field.hpp"
#include "messages/fault.hpp"
#include "messages/limits.hpp"

#include <msgpack.hpp>

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

/// msgpack maps of untrusted origin <-> structs. A struct names its keys once, in its `fields` (field.hpp says how);
/// reading and writing both walk that list, so they cannot diverge. Only files that encode or decode include this
/// header.
namespace causeway::edge {

/// What is read or written: a struct that says its fields.
template <class T, class F>
concept described = requires(F& f, T& x) { std::remove_const_t<T>::fields(f, x); };

/// Values of any kind in one header or body. A bound beside the frame's bytes, since a value costs 24 bytes in memory.
inline constexpr std::size_t packed_values_max = 100'000;

/// @pre `x` is a string
std::string_view text_of(const msgpack::object& x);
/// Null: `map` has no such key, or nil at it.
const msgpack::object* value_at(const msgpack::object_map& map, std::string_view key);

/// What a map may have.
struct map_bounds {
  std::size_t values_max = packed_values_max;
  bool only_utf8 = true; ///< of strings; false: they are any bytes
};

/// One msgpack map, checked as a whole before anything of it is allocated: complete, nothing behind it, nesting at most
/// `limits::msgpack_depth_max`, values and strings as its bounds say. Refers to the text it was made from.
class unpacked_map {
public:
  /// @param code  Of the fault: bad_frame for headers, bad_body for bodies. Empty `bytes` count as an empty map.
  static result<unpacked_map> parse(std::string_view bytes, fault_code code, map_bounds most = {});
  /// Null when there is no such key.
  const msgpack::object* find(std::string_view key) const;
  const msgpack::object& root() const { return handle_->get(); }

private:
  std::shared_ptr<msgpack::object_handle> handle_;
};

/// Unknown fields that are told of one map, and bytes of each name.
inline constexpr std::size_t unknown_fields_max = 20;
inline constexpr std::size_t unknown_field_bytes_max = 64;

/// Reads fields out of a map. The first fault is kept, later reads do nothing.
class field_reader {
public:
  field_reader(const msgpack::object& map, fault_code code, std::string path = {})
      : map_(&map), code_(code), path_(std::move(path)) {
    if (map.type != msgpack::type::MAP) fail("is not a map");
  }

  /// All fields of a struct, then what its texts and numbers have to be, then its rules over several fields.
  template <class T>
  void read_all(T& x) {
    T::fields(*this, x);
    if (!why_) why_ = std::move(later_);
    if constexpr (requires { x.broken(); }) {
      if (why_) return;
      if (const auto rule = x.broken()) refuse(rule->key, rule->what, rule->code);
    }
  }

  template <class T>
  void required(const char* key, T& x, const char* = "", const field& is = {}) {
    if (const auto* found = find(key, true)) read(key, *found, x, is);
  }
  template <class T>
  void optional(const char* key, T& x, const char* = "", const field& is = {}) {
    if (const auto* found = find(key, false)) read(key, *found, x, is);
  }
  void id(const char* key, std::string& x, const char* = "") {
    if (const auto* found = find(key, true)) read_id(key, *found, x);
  }
  void optional_id(const char* key, std::optional<std::string>& x, const char* = "") {
    if (const auto* found = find(key, false)) read_id(key, *found, x.emplace());
  }
  void ids(const char* key, std::vector<std::string>& x, const char*, const field& is) {
    read_list(key, x, is.entries_max, &field_reader::read_id);
  }
  void user(const char* key, std::string& x, const char* = "") {
    if (const auto* found = find(key, true)) read_user(key, *found, x);
  }
  void optional_user(const char* key, std::optional<std::string>& x, const char* = "") {
    if (const auto* found = find(key, false)) read_user(key, *found, x.emplace());
  }
  void users(const char* key, std::vector<std::string>& x, const char*, const field& is) {
    read_list(key, x, is.entries_max, &field_reader::read_user);
  }
  void blob(const char* key, std::string& x, const char*, const field& is) {
    if (const auto* found = find(key, true)) read_blob(key, *found, x, is.bytes_max);
  }
  /// Absent, nil and no bytes are the same.
  void optional_blob(const char* key, std::string& x, const char*, const field& is) {
    if (const auto* found = find(key, false)) read_blob(key, *found, x, is.bytes_max);
  }

  const std::optional<fault>& why() const { return why_; }
  /// Keys of the map that no field was read from, those of maps within it by their path ("files.widht"), each once, at
  /// most `unknown_fields_max`. Ask when all fields have been read.
  std::vector<std::string> unknown() const;
  /// The field that `unknown_name` may be a misspelling of; empty: none is like it.
  std::string likely_meant(std::string_view unknown_name) const;
  /// For rules over several fields.
  void refuse(const char* key, const std::string& what, fault_code code) {
    if (!why_) why_ = fault{code, path_ + key + " " + what};
  }

private:
  const msgpack::object* find(std::string_view key, bool needed);
  void fail(const std::string& what) {
    if (!why_) why_ = fault{code_, path_.empty() ? "it " + what : path_.substr(0, path_.size() - 1) + " " + what};
  }
  void wrong(const char* key, const char* expected) { refuse(key, std::string{"must be "} + expected, code_); }

  using reader = void (field_reader::*)(const char* key, const msgpack::object& from, std::string& x);
  void read_list(const char* key, std::vector<std::string>& x, std::size_t entries_max, reader read_one);
  void read_id(const char* key, const msgpack::object& from, std::string& x);
  void read_user(const char* key, const msgpack::object& from, std::string& x);
  void read_blob(const char* key, const msgpack::object& from, std::string& x, std::size_t bytes_max);
  void read_text(const char* key, const msgpack::object& from, std::string& x, std::size_t bytes_max);
  /// What is wrong with a text that is one; told behind all fields.
  void check_form(const char* key, const std::string& x, form wanted);

  void read(const char* key, const msgpack::object& from, std::string& x, const field& is) {
    read_text(key, from, x, is.bytes_max);
    if (is.has != form::any && !why_) check_form(key, x, is.has);
  }
  void read(const char* key, const msgpack::object& from, bool& x, const field&);
  void read(const char* key, const msgpack::object& from, std::int64_t& x, const field&);
  void read(const char* key, const msgpack::object& from, std::uint64_t& x, const field& is);
  void read(const char* key, const msgpack::object& from, std::uint32_t& x, const field&);
  template <class T>
  void read(const char* key, const msgpack::object& from, std::optional<T>& x, const field& is) {
    read(key, from, x.emplace(), is);
  }
  template <class T>
  void read(const char* key, const msgpack::object& from, std::vector<T>& x, const field& is) {
    if (from.type != msgpack::type::ARRAY) return wrong(key, "an array");
    x.resize(from.via.array.size); // at most packed_values_max: each element was seen by parse()
    for (std::size_t i = 0; i < x.size() && !why_; ++i) read(key, from.via.array.ptr[i], x[i], is);
  }
  template <class T>
  void read(const char* key, const msgpack::object& from, std::map<std::string, T>& x, const field& is) {
    if (from.type != msgpack::type::MAP) return wrong(key, "a map");
    for (std::size_t i = 0; i < from.via.map.size && !why_; ++i) {
      std::string name;
      read(key, from.via.map.ptr[i].key, name, is);
      read(key, from.via.map.ptr[i].val, x[name], is);
    }
  }
  template <class T>
    requires std::is_enum_v<T>
  void read(const char* key, const msgpack::object& from, T& x, const field&) {
    if (const auto value = read_word(key, from, wire_names<T>::names)) x = static_cast<T>(*value);
  }
  template <described<field_reader> T>
  void read(const char* key, const msgpack::object& from, T& x, const field&) {
    field_reader inner{from, code_, path_ + key + "."};
    inner.read_all(x);
    if (inner.why_ && !why_) why_ = inner.why_;
    take_notes(inner);
  }
  std::optional<std::uint8_t> read_word(const char* key, const msgpack::object& from,
                                        std::span<const char* const> words);
  void take_notes(const field_reader& inner);

  const msgpack::object* map_;
  fault_code code_;
  std::string path_;
  std::optional<fault> why_, later_;    ///< the latter is told if nothing is missing or of the wrong type
  std::vector<std::string_view> known_; ///< keys asked for
  std::vector<std::string> inner_unknown_, inner_known_; ///< with their paths, of maps within this one
};

/// Appends msgpack to a string.
class field_writer {
public:
  template <class T>
  void required(const char* key, const T& x, const char* = "", const field& = {}) {
    name(key);
    write(x);
  }
  /// An empty std::optional leaves the key out.
  template <class T>
  void optional(const char* key, const T& x, const char* = "", const field& = {}) {
    required(key, x);
  }
  template <class T>
  void optional(const char* key, const std::optional<T>& x, const char* = "", const field& = {}) {
    if (x) required(key, *x);
  }
  void id(const char* key, const std::string& x, const char* = "") { required(key, x); }
  void optional_id(const char* key, const std::optional<std::string>& x, const char* = "") { optional(key, x); }
  void ids(const char* key, const std::vector<std::string>& x, const char*, const field&) { required(key, x); }
  void user(const char* key, const std::string& x, const char* = "") { required(key, x); }
  void optional_user(const char* key, const std::optional<std::string>& x, const char* = "") { optional(key, x); }
  void users(const char* key, const std::vector<std::string>& x, const char*, const field&) { required(key, x); }
  void blob(const char* key, const std::string& x, const char*, const field&) {
    name(key);
    packer p{out_};
    p.pack_bin(static_cast<std::uint32_t>(x.size()));
    p.pack_bin_body(x.data(), static_cast<std::uint32_t>(x.size()));
  }
  void optional_blob(const char* key, const std::string& x, const char* says, const field& is) {
    blob(key, x, says, is);
  }

  /// The map of everything written so far.
  std::string finish() const;

private:
  struct sink {
    std::string bytes;
    void write(const char* data, std::size_t size) { bytes.append(data, size); }
  };
  using packer = msgpack::packer<sink>;

  void name(std::string_view key) {
    write(key);
    ++count_;
  }
  void write(std::string_view x) {
    packer p{out_};
    p.pack_str(static_cast<std::uint32_t>(x.size()));
    p.pack_str_body(x.data(), static_cast<std::uint32_t>(x.size()));
  }
  void write(const std::string& x) { write(std::string_view{x}); }
  void write(bool x) { packer{out_}.pack(x); }
  void write(std::int64_t x) { packer{out_}.pack(x); }
  void write(std::uint64_t x) { packer{out_}.pack(x); }
  void write(std::uint32_t x) { packer{out_}.pack(x); }
  template <class T>
  void write(const std::vector<T>& x) {
    packer{out_}.pack_array(static_cast<std::uint32_t>(x.size()));
    for (const auto& one : x) write(one);
  }
  template <class T>
  void write(const std::map<std::string, T>& x) {
    packer{out_}.pack_map(static_cast<std::uint32_t>(x.size()));
    for (const auto& [key, one] : x) {
      write(key);
      write(one);
    }
  }
  template <class T>
    requires std::is_enum_v<T>
  void write(T x) {
    write(std::string_view{wire_names<T>::names[static_cast<std::size_t>(x)]});
  }
  template <described<field_writer> T>
  void write(const T& x) {
    field_writer inner;
    T::fields(inner, x);
    out_.bytes += inner.finish();
  }

  sink out_;
  std::uint32_t count_ = 0;
};

/// A fault with the fields the reader does not know, one of which may be the one it misses.
fault with_unknown(fault why, const field_reader& reader);

/// @param ignored  gets the fields that are not known; null: nobody wants to hear of them
/// @returns fault `code` that names the missing or wrong key, or too_large
template <class T>
result<T> unpack(std::string_view bytes, fault_code code, std::vector<std::string>* ignored = nullptr) {
  auto map = unpacked_map::parse(bytes, code);
  if (!map) return map.error();
  T x;
  field_reader reader{map->root(), code};
  reader.read_all(x);
  if (ignored != nullptr) *ignored = reader.unknown();
  if (reader.why()) return ignored != nullptr ? with_unknown(*reader.why(), reader) : *reader.why();
  return x;
}

template <class T>
std::string pack(const T& x) {
  field_writer writer;
  T::fields(writer, x);
  return writer.finish();
}

} // namespace causeway::edge
