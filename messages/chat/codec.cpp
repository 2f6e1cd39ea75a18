#include "messages/chat/codec.hpp"

#include "messages/chat/fault_body.hpp"
#include "messages/edge/packing.hpp"
#include "messages/matrix/json.hpp"
#include "messages/text.hpp"

#include <array>
#include <utility>

namespace causeway::chat {
namespace {

template <class Variant>
using decoder = result<Variant> (*)(std::string_view body, std::vector<std::string>* ignored);

template <class Variant, class T>
result<Variant> decode_as(std::string_view body, std::vector<std::string>* ignored) {
  auto x = edge::unpack<T>(body, fault_code::bad_body, ignored);
  if (!x) return x.error();
  return Variant{std::move(*x)};
}

/// Name and decoder of each alternative, in the order of the variant.
template <class Variant, std::size_t... I>
constexpr auto decoders(std::index_sequence<I...>) {
  return std::array{
    std::pair{std::string_view{std::variant_alternative_t<I, typename Variant::content>::name},
              decoder<Variant>{&decode_as<Variant, std::variant_alternative_t<I, typename Variant::content>>}}...};
}

template <class Variant>
result<Variant> decode(std::string_view wanted, std::string_view body, const char* kind,
                       std::vector<std::string>* ignored = nullptr) {
  static constexpr auto table =
    decoders<Variant>(std::make_index_sequence<std::variant_size_v<typename Variant::content>>{});
  for (const auto& [name, decode_one] : table) {
    if (name != wanted) continue;
    if (body.size() > limits::chat_frame_bytes_max)
      return {fault_code::too_large, "the body is over " + std::to_string(limits::chat_frame_bytes_max) + " bytes"};
    return decode_one(body, ignored);
  }
  const std::string shown{wanted.substr(0, limits::identifier_bytes_max)};
  std::vector<std::string> names;
  for (const auto& [name, decode_one] : table) names.emplace_back(name);
  const auto meant = text::likely_meant(shown, names);
  return {fault_code::unknown_command, kind + (" " + shown) + (meant.empty() ? "" : " (" + meant + "?)")};
}

template <class Variant>
std::string encode_variant(const Variant& x) {
  return std::visit([](const auto& one) { return edge::pack(one); }, x);
}

} // namespace

const char* name(const command& x) {
  return std::visit([](const auto& one) { return one.name; }, x);
}

const char* name(const notification& x) {
  return std::visit([](const auto& one) { return one.name; }, x);
}

result<command> decode_command(std::string_view command_name, std::string_view body,
                               std::vector<std::string>* ignored) {
  return decode<command>(command_name, body, "command", ignored);
}

result<notification> decode_notification(std::string_view notification_name, std::string_view body) {
  return decode<notification>(notification_name, body, "notification");
}

std::string encode(const command& x) { return encode_variant(x); }
std::string encode(const notification& x) { return encode_variant(x); }
std::string encode(const typing_changed& x) { return edge::pack(x); }
std::string encode(const receipt_changed& x) { return edge::pack(x); }
std::string encode(const presence_changed& x) { return edge::pack(x); }
std::string encode(const join_progress& x) { return edge::pack(x); }
std::string encode(const media_available& x) { return edge::pack(x); }
std::string encode(const ask_user& x) { return edge::pack(x); }
std::string encode(const answer& x) { return encode_variant(x); }

std::string encode(const fault& x) {
  const auto& row = info(x.code);
  // A detail may quote what came from outside; a string on the wire has to be UTF-8 all the same.
  auto detail = matrix::json::is_utf8(x.detail) ? x.detail : std::string{"the detail is not UTF-8"};
  return edge::pack(fault_body{std::string{row.name}, std::string{row.what_to_do}, std::move(detail), row.retryable});
}

result<media_put_answer> decode_media_put_answer(std::string_view body) {
  return edge::unpack<media_put_answer>(body, fault_code::bad_body);
}
result<media_get_answer> decode_media_get_answer(std::string_view body) {
  return edge::unpack<media_get_answer>(body, fault_code::bad_body);
}

fault decode_fault(std::string_view body) {
  auto x = edge::unpack<fault_body>(body, fault_code::bad_body);
  if (!x) return x.error();
  const auto* row = find_fault(x->code);
  if (row == nullptr) return fault{fault_code::internal, x->code + ": " + x->detail};
  return fault{row->code, x->detail};
}

} // namespace causeway::chat
