#include "messages/chat/codec.hpp"
#include "messages/edge/frame.hpp"
#include "messages/edge/packing.hpp"
#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <iterator>

/// CONTRACT.md is what others implement: it has to name what the code does.
using namespace causeway;

BOOST_AUTO_TEST_SUITE(contract_text)

namespace {

std::string contract() {
  std::ifstream in{CAUSEWAY_TEST_DATA "/../messages/chat/CONTRACT.md"};
  BOOST_REQUIRE(in);
  return {std::istreambuf_iterator<char>{in}, {}};
}

void has(const std::string& text, const std::string& word) {
  BOOST_TEST(text.find(word) != std::string::npos, "CONTRACT.md lacks " << word);
}

/// The table row that begins with `name`.
std::string row(const std::string& text, const std::string& name) {
  const auto from = text.find("\n| `" + name + "`");
  BOOST_REQUIRE_MESSAGE(from != std::string::npos, "CONTRACT.md has no row for " << name);
  return text.substr(from + 1, text.find('\n', from + 1) - from);
}

/// Every key of a packed map stands in the row.
void has_keys(const std::string& line, const std::string& packed) {
  const auto map = edge::unpacked_map::parse(packed, fault_code::bad_body);
  BOOST_REQUIRE(map);
  const auto& entries = map->root().via.map;
  for (std::uint32_t i = 0; i < entries.size; ++i)
    has(line, "`" + entries.ptr[i].key.as<std::string>() + "`");
}

template <class Variant, std::size_t... I>
void each_alternative(const std::string& text, std::index_sequence<I...>) {
  (has_keys(row(text, std::variant_alternative_t<I, Variant>::name), chat::encode(Variant{std::variant_alternative_t<I, Variant>{}})), ...);
}

} // namespace

BOOST_AUTO_TEST_CASE(every_fault_has_a_row) {
  const auto text = contract();
  for (int code = 1; code < 1'000; ++code) {
    const auto& row_of = info(static_cast<fault_code>(code));
    if (static_cast<int>(row_of.code) != code) continue;
    const auto line = row(text, std::string{row_of.name});
    BOOST_TEST((line.find("*Repeat.*") != std::string::npos) == row_of.retryable, line);
    has(line, std::string{row_of.what_to_do});
  }
}

BOOST_AUTO_TEST_CASE(every_verb_is_in_the_table) {
  const auto text = contract();
  for (int byte = 0; byte < 256; ++byte) {
    if (!edge::is_verb(static_cast<std::uint8_t>(byte))) continue;
    has(text, std::string{edge::name(static_cast<edge::verb>(byte))});
    has(text, "`" + std::string(1, static_cast<char>(byte)) + "`");
  }
}

BOOST_AUTO_TEST_CASE(every_command_and_notification_has_a_row_with_its_fields) {
  const auto text = contract();
  each_alternative<chat::command>(text, std::make_index_sequence<std::variant_size_v<chat::command>>{});
  each_alternative<chat::notification>(text, std::make_index_sequence<std::variant_size_v<chat::notification>>{});
}

BOOST_AUTO_TEST_CASE(the_examples_of_user_ids_are_those_of_the_code) {
  const auto text = contract();
  for (const auto* own : {"alice", "rbAXPn", "a_b", "jos\u00e9"})
    has(text, "| `" + std::string{own} + "` | `@" + matrix::localpart_from_name_preserving_case(own) + ":a.example` |");
}

BOOST_AUTO_TEST_CASE(every_notification_stands_in_the_table_of_names) {
  const auto text = contract();
  const auto from = text.find("### Names in what comes back");
  BOOST_REQUIRE(from != std::string::npos);
  const auto table = text.substr(from, text.find("\n## ", from) - from);
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (has(table, "`" + std::string{std::variant_alternative_t<I, chat::notification>::name} + "`"), ...);
  }(std::make_index_sequence<std::variant_size_v<chat::notification>>{});
  for (const auto* name : {chat::typing_changed::name, chat::join_progress::name}) has(table, "`" + std::string{name} + "`");
}

BOOST_AUTO_TEST_CASE(the_numbers_are_those_of_the_code) {
  const auto text = contract();
  BOOST_TEST(limits::chat_frame_bytes_max == 1'048'576u);
  has(text, "1,048,576 bytes");
  BOOST_TEST(limits::msgpack_depth_max == 32u);
  has(text, "at most 32 levels");
  BOOST_TEST(edge::packed_values_max == 100'000u);
  has(text, "100,000 values");
  BOOST_TEST(limits::command_id_bytes_max == 128u);
  has(text, "1 to 128 bytes");
  BOOST_TEST(edge::unknown_fields_max == 20u);
  BOOST_TEST(edge::unknown_field_bytes_max == 64u);
  has(text, "at most 20 names of 64");
  BOOST_TEST(limits::authored_content_bytes_max == 61'440u);
  has(text, "61,440 bytes");
}

BOOST_AUTO_TEST_SUITE_END()
