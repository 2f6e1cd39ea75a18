#include "causeway_client.hpp"
#include "messages/edge/packing.hpp"

#include <array>
#include <utility>

/// Bodies of what the broker says, as the structs of the contract.
namespace causeway::client {
namespace {

template <class To>
using decoder = result<To> (*)(std::string_view body);
template <class To>
using row = std::pair<std::string_view, decoder<To>>;

template <class To, class T>
result<To> decode_as(std::string_view body) {
  auto x = edge::unpack<T>(body, fault_code::bad_body);
  if (!x) return x.error();
  return To{std::move(*x)};
}

template <std::size_t... I>
constexpr auto answers(std::index_sequence<I...>) {
  return std::array{row<chat::answer>{
    std::variant_alternative_t<I, chat::command_content>::name,
    &decode_as<chat::answer, typename std::variant_alternative_t<I, chat::command_content>::answered_by>}...};
}

template <class To, class Table>
result<To> look_up(const Table& table, std::string_view name, std::string_view body) {
  for (const auto& [known, decode] : table)
    if (known == name) return decode(body);
  return {fault_code::unknown_command, std::string{name}};
}

} // namespace

result<chat::answer> decode_answer(std::string_view command_name, std::string_view body) {
  static constexpr auto table = answers(std::make_index_sequence<std::variant_size_v<chat::command_content>>{});
  return look_up<chat::answer>(table, command_name, body);
}

result<ephemeral> decode_ephemeral(std::string_view notification_name, std::string_view body) {
  static constexpr std::array table{
    row<ephemeral>{chat::join_progress::name, &decode_as<ephemeral, chat::join_progress>},
    row<ephemeral>{chat::typing_changed::name, &decode_as<ephemeral, chat::typing_changed>},
    row<ephemeral>{chat::media_available::name, &decode_as<ephemeral, chat::media_available>},
    row<ephemeral>{chat::ask_user::name, &decode_as<ephemeral, chat::ask_user>},
    row<ephemeral>{chat::receipt_changed::name, &decode_as<ephemeral, chat::receipt_changed>},
    row<ephemeral>{chat::presence_changed::name, &decode_as<ephemeral, chat::presence_changed>}};
  return look_up<ephemeral>(table, notification_name, body);
}

} // namespace causeway::client
