#include "config/manual_page.hpp"

#include "config/fields.hpp"

#include <boost/test/unit_test.hpp>

#include <sstream>
#include <string>

BOOST_AUTO_TEST_SUITE(config_manual_page)

namespace {

using namespace causeway::config;

std::string pasted(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '-' ? "\\-" : std::string{c};
  return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_option_has_its_paragraph_with_its_sentence) {
  const auto page = manual_page("0.1.0");
  for (const auto& part : sections()) BOOST_TEST(page.find(".SS [" + pasted(part.name) + "]\n") != std::string::npos);
  for (const auto& x : fields())
    BOOST_TEST(page.find(".TP\n.B " + pasted(x.name) + "\n" + pasted(describe(x)) + "\n") != std::string::npos,
               x.key());
}

BOOST_AUTO_TEST_CASE(no_line_of_a_sentence_is_taken_for_a_request_of_troff) {
  std::istringstream page{manual_page("0.1.0")};
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with('.')) {
      BOOST_TEST(!line.starts_with('\''), line);
      continue;
    }
    bool is_known = line.starts_with(".\\\"");
    for (const auto* request : {".TH ", ".SH ", ".SS ", ".TP", ".B ", ".BR ", ".I ", ".IR ", ".RB ", ".IP ", ".PP"})
      is_known = is_known || line.starts_with(request);
    BOOST_TEST(is_known, line);
  }
}

BOOST_AUTO_TEST_SUITE_END()
