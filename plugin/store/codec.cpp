#include "plugin/store/codec.hpp"

#include <msgpack.hpp>

#include <exception>

namespace causeway::store {
namespace {

/// Packs into a string.
struct sink {
  std::string bytes;
  void write(const char* data, std::size_t size) { bytes.append(data, size); }
};

bool keep_reference(msgpack::type::object_type, std::size_t, void*) { return true; }

/// Runs `read` over the value; whatever is wrong with the bytes comes out as a fault.
template <class Value, class Read>
result<Value> decode(std::string_view bytes, const char* what, Read read) {
  try {
    auto unpacked = msgpack::unpack(bytes.data(), bytes.size(), keep_reference);
    return read(unpacked.get());
  } catch (const std::exception& damaged) {
    return {fault_code::store_damaged, std::string{"damaged "} + what + ": " + damaged.what()};
  }
}

std::string_view text(const msgpack::object& x) { return x.as<std::string_view>(); }

const msgpack::object_array& array(const msgpack::object& x) {
  if (x.type != msgpack::type::ARRAY) throw msgpack::type_error{};
  return x.via.array;
}

} // namespace

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto length = text.find(' ');
    if (length != 0) words.emplace_back(text.substr(0, length));
    text.remove_prefix(length == std::string_view::npos ? text.size() : length + 1);
  }
  return words;
}

std::string encode_strings(const std::vector<std::string>& x) {
  sink out;
  msgpack::pack(out, x);
  return std::move(out.bytes);
}

result<std::vector<std::string>> decode_strings(std::string_view bytes) {
  return decode<std::vector<std::string>>(bytes, "list",
                                          [](const msgpack::object& x) { return x.as<std::vector<std::string>>(); });
}

std::string encode_entries(const matrix::state_map& x) {
  sink out;
  msgpack::packer<sink> pack{out};
  pack.pack_array(static_cast<std::uint32_t>(x.size() * 3));
  for (const auto& [key, event_id] : x) pack.pack(key.first).pack(key.second).pack(event_id);
  return std::move(out.bytes);
}

status apply_entries(std::string_view bytes, matrix::state_map& onto) {
  return decode<std::monostate>(bytes, "state group", [&](const msgpack::object& x) {
    const auto& all = array(x);
    for (std::uint32_t i = 0; i + 2 < all.size; i += 3) {
      matrix::state_key_pair key{text(all.ptr[i]), text(all.ptr[i + 1])};
      std::string_view event_id = text(all.ptr[i + 2]);
      if (event_id.empty()) onto.erase(key);
      else onto.insert_or_assign(std::move(key), std::string{event_id});
    }
    return std::monostate{};
  });
}

std::string encode_keys(const matrix::verify_keys& x) {
  sink out;
  msgpack::packer<sink> pack{out};
  pack.pack_map(static_cast<std::uint32_t>(x.size()));
  for (const auto& [key_id, key] : x) {
    pack.pack(key_id).pack_array(key.replaced.empty() ? 3 : 4);
    pack.pack(key.public_key_base64).pack(key.valid_until_ts).pack(key.is_old);
    if (key.replaced.empty()) continue;
    pack.pack_array(static_cast<std::uint32_t>(2 * key.replaced.size()));
    for (const auto& former : key.replaced) pack.pack(former.public_key_base64).pack(former.valid_until_ts);
  }
  return std::move(out.bytes);
}

result<matrix::verify_keys> decode_keys(std::string_view bytes) {
  return decode<matrix::verify_keys>(bytes, "server keys", [](const msgpack::object& x) {
    if (x.type != msgpack::type::MAP) throw msgpack::type_error{};
    matrix::verify_keys keys;
    for (std::uint32_t i = 0; i < x.via.map.size; ++i) {
      const auto& row = x.via.map.ptr[i];
      const auto& fields = array(row.val);
      if (fields.size != 3 && fields.size != 4) throw msgpack::type_error{};
      matrix::verify_key key{std::string{text(fields.ptr[0])}, fields.ptr[1].as<std::int64_t>(),
                             fields.ptr[2].as<bool>()};
      if (fields.size == 4) {
        const auto& former = array(fields.ptr[3]);
        for (std::uint32_t j = 0; j + 1 < former.size; j += 2)
          key.replaced.push_back({std::string{text(former.ptr[j])}, former.ptr[j + 1].as<std::int64_t>()});
      }
      keys.insert_or_assign(std::string{text(row.key)}, std::move(key));
    }
    return keys;
  });
}

} // namespace causeway::store
