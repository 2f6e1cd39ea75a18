#include "plugin/gateway/certificate_check.hpp"

#include "tests/plugin/gateway/certificates.hpp"

#include <boost/test/unit_test.hpp>

#include <ctime>
#include <fstream>

namespace causeway::gateway {
namespace {

constexpr std::int64_t year_s = 366 * 86'400;

struct files {
  testing::temporary_directory directory;
  testing::certificate_authority authority{directory};
  std::int64_t now = std::time(nullptr);

  std::vector<certificate_problem> problems(const testing::certificate_files& x, const std::string& host,
                                            std::int64_t later_s = 0) const {
    return certificate_problems(x.certificate, x.key, host, now + later_s);
  }
};

bool has(const std::vector<certificate_problem>& list, std::string_view part, bool of_key = false) {
  for (const auto& x : list)
    if (x.of_key == of_key && x.what.find(part) != std::string::npos) return true;
  for (const auto& x : list) BOOST_TEST_MESSAGE(x.what);
  return false;
}

} // namespace

BOOST_AUTO_TEST_SUITE(certificate_check)

BOOST_AUTO_TEST_CASE(a_certificate_for_the_name_is_fine) {
  const files f;
  const auto x = f.authority.issue("x", {"DNS:chat.example.org", "DNS:*.b.example", "IP:192.0.2.1"});
  for (const auto* host : {"chat.example.org", "m.b.example", "192.0.2.1"})
    BOOST_TEST(f.problems(x, host).empty(), host);
}

BOOST_AUTO_TEST_CASE(a_certificate_for_another_name_says_which_names_it_has) {
  const files f;
  const auto x = f.authority.issue("x", {"DNS:www.example.org", "IP:192.0.2.1"});
  for (const auto* host : {"chat.example.org", "example.org", "192.0.2.2", "www.example.org.evil.example"}) {
    const auto list = f.problems(x, host);
    BOOST_TEST(list.size() == 1U);
    BOOST_TEST(has(list, "is for www.example.org, 192.0.2.1, not for \"" + std::string{host} + "\""), host);
  }
}

BOOST_AUTO_TEST_CASE(the_common_name_does_not_count) {
  const files f;
  const auto x = f.authority.issue("chat.example.org", {"email:a@b.example"}); // the file's name is its common name
  BOOST_TEST(has(f.problems(x, "chat.example.org"), "names no host"));
}

BOOST_AUTO_TEST_CASE(a_certificate_out_of_its_time) {
  const files f;
  const auto x = f.authority.issue("x", {"DNS:a.example"});
  BOOST_TEST(has(f.problems(x, "a.example", 20 * year_s), "expired on 2"));
  BOOST_TEST(has(f.problems(x, "a.example", -20 * year_s), "is not valid before 2"));
}

BOOST_AUTO_TEST_CASE(a_key_of_another_certificate) {
  const files f;
  auto x = f.authority.issue("x", {"DNS:a.example"});
  x.key = f.authority.issue("y", {"DNS:a.example"}).key;
  const auto list = f.problems(x, "a.example");
  BOOST_TEST(list.size() == 1U);
  BOOST_TEST(has(list, "is not the key of " + x.certificate, true));
}

BOOST_AUTO_TEST_CASE(files_that_hold_something_else) {
  const files f;
  auto x = f.authority.issue("x", {"DNS:a.example"});
  BOOST_TEST(has(f.problems({x.key, x.key}, "a.example"), "holds no certificate in PEM"));
  BOOST_TEST(has(f.problems({x.certificate, x.certificate}, "a.example"), "holds no private key in PEM", true));
  BOOST_TEST(has(f.problems({x.certificate + "absent", x.key}, "a.example"), "cannot be opened"));
}

BOOST_AUTO_TEST_CASE(others_ask_for_the_name_they_were_led_to) {
  BOOST_TEST(certified_host("chat.example.org", "") == "chat.example.org");
  BOOST_TEST(certified_host("chat.example.org:8448", "") == "chat.example.org");
  BOOST_TEST(certified_host("[2001:db8::1]:8448", "") == "2001:db8::1");
  BOOST_TEST(certified_host("example.org", "matrix.example.org:443") == "matrix.example.org");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::gateway
