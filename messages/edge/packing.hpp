#pragma once
#include "messages/fault.hpp"
#include "messages/limits.hpp"

#include <msgpack.hpp>

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

/// msgpack maps of untrusted origin <-> structs. A struct names its keys once, in `contract<T>::fields`; reading and writing
/// both walk that list, so they cannot diverge. Only files that encode or decode include this header.
namespace causeway::edge {

/// Specialise with `template <class F, class X> static void fields(F& f, X& x)`, which calls f.id, f.required, f.optional...
template <class T>
struct contract;

/// Names of an enumeration's values on the wire. Specialise with `static constexpr std::string_view names[]`, in order.
template <class Enum>
struct wire_names;

/// Values of any kind in one header or body. A bound beside the frame's bytes, since a value costs 24 bytes in memory.
inline constexpr std::size_t packed_values_max = 100'000;

/// One msgpack map, checked as a whole before anything of it is allocated: complete, nothing behind it, nesting at most
/// `limits::msgpack_depth_max`, at most `packed_values_max` values, every string UTF-8. Refers to the text it was made from.
class unpacked_map {
public:
  /// @param code  Of the fault: bad_frame for headers, bad_body for bodies. Empty `bytes` count as an empty map.
  static result<unpacked_map> parse(std::string_view bytes, fault_code code);
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
  field_reader(const msgpack::object& map, fault_code code, std::string path = {}) : map_(&map), code_(code), path_(std::move(path)) {
    if (map.type != msgpack::type::MAP) fail("is not a map");
  }

  /// Present, and of the right type.
  template <class T>
  void required(const char* key, T& x, std::size_t bytes_max = std::numeric_limits<std::size_t>::max()) {
    if (const auto* found = find(key, true)) read(key, *found, x, bytes_max);
  }
  /// Absent and nil both leave `x` as it is.
  template <class T>
  void optional(const char* key, T& x, std::size_t bytes_max = std::numeric_limits<std::size_t>::max()) {
    if (const auto* found = find(key, false)) read(key, *found, x, bytes_max);
  }
  /// A name: 1..255 bytes.
  void id(const char* key, std::string& x) {
    if (const auto* found = find(key, true)) read_id(key, *found, x);
  }
  void optional_id(const char* key, std::optional<std::string>& x) {
    if (const auto* found = find(key, false)) read_id(key, *found, x.emplace());
  }
  void ids(const char* key, std::vector<std::string>& x, std::size_t count_max);
  /// A name of a user: what is wrong with it is `invalid_identifier`, since it is the id that has to be corrected.
  void user(const char* key, std::string& x) {
    if (const auto* found = find(key, true)) read_user(key, *found, x);
  }
  void optional_user(const char* key, std::optional<std::string>& x) {
    if (const auto* found = find(key, false)) read_user(key, *found, x.emplace());
  }
  void users(const char* key, std::vector<std::string>& x, std::size_t count_max);
  /// Bytes that are not text: msgpack `bin`.
  void blob(const char* key, std::string& x, std::size_t bytes_max);
  /// Absent, nil and no bytes are the same.
  void optional_blob(const char* key, std::string& x, std::size_t bytes_max) {
    if (find(key, false) != nullptr) blob(key, x, bytes_max);
  }

  const std::optional<fault>& why() const { return why_; }
  /// Keys of the map that no field was read from, those of maps within it by their path ("files.widht"), each once, at most
  /// `unknown_fields_max`. Ask when all fields have been read.
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
  void read_list(const char* key, std::vector<std::string>& x, std::size_t count_max, reader read_one);
  void read_id(const char* key, const msgpack::object& from, std::string& x);
  void read_user(const char* key, const msgpack::object& from, std::string& x);
  void read(const char* key, const msgpack::object& from, std::string& x, std::size_t bytes_max);
  void read(const char* key, const msgpack::object& from, bool& x, std::size_t);
  void read(const char* key, const msgpack::object& from, std::int64_t& x, std::size_t);
  void read(const char* key, const msgpack::object& from, std::uint64_t& x, std::size_t);
  void read(const char* key, const msgpack::object& from, std::uint32_t& x, std::size_t);
  template <class T>
  void read(const char* key, const msgpack::object& from, std::optional<T>& x, std::size_t bytes_max) {
    read(key, from, x.emplace(), bytes_max);
  }
  template <class T>
  void read(const char* key, const msgpack::object& from, std::vector<T>& x, std::size_t bytes_max) {
    if (from.type != msgpack::type::ARRAY) return wrong(key, "an array");
    x.resize(from.via.array.size); // at most packed_values_max: each element was seen by parse()
    for (std::size_t i = 0; i < x.size() && !why_; ++i)
      read(key, from.via.array.ptr[i], x[i], bytes_max);
  }
  template <class T>
  void read(const char* key, const msgpack::object& from, std::map<std::string, T>& x, std::size_t bytes_max) {
    if (from.type != msgpack::type::MAP) return wrong(key, "a map");
    for (std::size_t i = 0; i < from.via.map.size && !why_; ++i) {
      std::string name;
      read(key, from.via.map.ptr[i].key, name, bytes_max);
      read(key, from.via.map.ptr[i].val, x[name], bytes_max);
    }
  }
  template <class T>
    requires std::is_enum_v<T>
  void read(const char* key, const msgpack::object& from, T& x, std::size_t) {
    std::string expected;
    std::uint8_t value = 0;
    for (const auto name : wire_names<T>::names) {
      if (from.type == msgpack::type::STR && name == std::string_view{from.via.str.ptr, from.via.str.size}) {
        x = static_cast<T>(value);
        return;
      }
      expected += (value++ == 0 ? "" : " or ") + std::string{name};
    }
    wrong(key, expected.c_str());
  }
  template <class T>
    requires requires(field_reader& f, T& x) { contract<T>::fields(f, x); }
  void read(const char* key, const msgpack::object& from, T& x, std::size_t) {
    field_reader inner{from, code_, path_ + key + "."};
    contract<T>::fields(inner, x);
    if (inner.why_ && !why_) why_ = inner.why_;
    take_notes(inner);
  }
  void take_notes(const field_reader& inner);

  const msgpack::object* map_;
  fault_code code_;
  std::string path_;
  std::optional<fault> why_;
  std::vector<std::string_view> known_;                ///< keys asked for
  std::vector<std::string> inner_unknown_, inner_known_; ///< with their paths, of maps within this one
};

/// Appends msgpack to a string.
class field_writer {
public:
  template <class T>
  void required(const char* key, const T& x, std::size_t = 0) {
    name(key);
    write(x);
  }
  /// An empty std::optional leaves the key out.
  template <class T>
  void optional(const char* key, const T& x, std::size_t = 0) {
    required(key, x);
  }
  template <class T>
  void optional(const char* key, const std::optional<T>& x, std::size_t = 0) {
    if (x) required(key, *x);
  }
  void id(const char* key, const std::string& x) { required(key, x); }
  void optional_id(const char* key, const std::optional<std::string>& x) { optional(key, x); }
  void ids(const char* key, const std::vector<std::string>& x, std::size_t) { required(key, x); }
  void user(const char* key, const std::string& x) { required(key, x); }
  void optional_user(const char* key, const std::optional<std::string>& x) { optional(key, x); }
  void users(const char* key, const std::vector<std::string>& x, std::size_t) { required(key, x); }
  void blob(const char* key, const std::string& x, std::size_t) {
    name(key);
    packer p{out_};
    p.pack_bin(static_cast<std::uint32_t>(x.size()));
    p.pack_bin_body(x.data(), static_cast<std::uint32_t>(x.size()));
  }
  void optional_blob(const char* key, const std::string& x, std::size_t bytes_max) { blob(key, x, bytes_max); }
  void refuse(const char*, const std::string&, fault_code) {}

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
    for (const auto& one : x)
      write(one);
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
    write(wire_names<T>::names[static_cast<std::size_t>(x)]);
  }
  template <class T>
    requires requires(field_writer& f, const T& x) { contract<T>::fields(f, x); }
  void write(const T& x) {
    field_writer inner;
    contract<T>::fields(inner, x);
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
  contract<T>::fields(reader, x);
  if (ignored != nullptr) *ignored = reader.unknown();
  if (reader.why()) return ignored != nullptr ? with_unknown(*reader.why(), reader) : *reader.why();
  return x;
}

template <class T>
std::string pack(const T& x) {
  field_writer writer;
  contract<T>::fields(writer, x);
  return writer.finish();
}

} // namespace causeway::edge
