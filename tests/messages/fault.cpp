#include "messages/fault.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <set>
#include <string>

namespace causeway {
BOOST_AUTO_TEST_SUITE(fault_registry)

namespace {

// Every number a fault could have; the registry is asked for each.
constexpr unsigned number_end = 1000;

bool is_registered(unsigned number) {
  const auto code = static_cast<fault_code>(number);
  return info(code).code == code;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_code_has_a_row_with_a_name_of_its_own) {
  std::set<std::string_view> names;
  std::size_t rows = 0;
  for (unsigned number = 0; number < number_end; ++number) {
    if (!is_registered(number)) continue;
    ++rows;
    const auto& row = info(static_cast<fault_code>(number));
    BOOST_TEST(names.insert(row.name).second, row.name << " is there twice");
    BOOST_TEST(find_fault(row.name) == &row, row.name);
    BOOST_TEST(row.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos, row.name);
    BOOST_TEST(row.what_to_do.ends_with('.'), row.name);
  }
  // The 49 codes of the first release: rows may be added, never removed.
  BOOST_TEST(rows >= 49u);
}

BOOST_AUTO_TEST_CASE(numbers_are_stable) {
  const std::map<fault_code, unsigned> published{
    {fault_code::not_json, 100},           {fault_code::not_canonical, 110}, {fault_code::unauthorized, 200},
    {fault_code::not_found, 300},          {fault_code::not_federated, 306}, {fault_code::peer_unreachable, 400},
    {fault_code::peer_tls, 406},           {fault_code::internal, 500},      {fault_code::bad_frame, 600},
    {fault_code::cursor_out_of_range, 608}};
  for (const auto& [code, number] : published) {
    BOOST_TEST(static_cast<unsigned>(code) == number);
    BOOST_TEST(is_registered(number));
  }
}

BOOST_AUTO_TEST_CASE(every_row_can_answer_a_federation_request) {
  for (unsigned number = 1; number < number_end; ++number) {
    if (!is_registered(number)) continue;
    const auto& row = info(static_cast<fault_code>(number));
    BOOST_TEST(row.errcode.starts_with("M_"), row.name);
    BOOST_TEST(row.http_status >= 400, row.name);
    BOOST_TEST(row.http_status < 600, row.name);
  }
}

BOOST_AUTO_TEST_CASE(unknown_number_is_an_internal_fault) {
  BOOST_TEST((info(static_cast<fault_code>(999)).code == fault_code::internal));
  BOOST_TEST(find_fault("no_such_fault") == nullptr);
}

BOOST_AUTO_TEST_CASE(fault_prints_its_name_and_detail) {
  BOOST_TEST(to_string(fault{fault_code::bad_json, "depth: missing"}) == "bad_json: depth: missing");
  BOOST_TEST(to_string(fault{fault_code::stopping, {}}) == "stopping");
}

BOOST_AUTO_TEST_CASE(fault_is_found_in_what_was_printed_of_it) {
  for (const auto* detail : {"", "depth: missing"}) {
    const auto* found = find_fault_in(to_string(fault{fault_code::bad_json, detail}));
    BOOST_REQUIRE(found != nullptr);
    BOOST_TEST((found->code == fault_code::bad_json));
  }
  BOOST_TEST(find_fault_in("") == nullptr);
  BOOST_TEST(find_fault_in("HTTP 401 {}") == nullptr);
  BOOST_TEST(find_fault_in("bad_jsonish: x") == nullptr);
}

BOOST_AUTO_TEST_CASE(result_holds_a_value_or_a_fault) {
  result<int> good{7};
  BOOST_TEST(bool(good));
  BOOST_TEST(*good == 7);
  result<int> bad{fault_code::not_found, "room"};
  BOOST_TEST(!bad);
  BOOST_TEST((bad.error() == fault{fault_code::not_found, "room"}));
  BOOST_TEST(bool(ok()));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway
