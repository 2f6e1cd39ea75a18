#include "tools/causeway/redaction.hpp"

#include <boost/test/unit_test.hpp>

using causeway::tools::without_passwords;

BOOST_AUTO_TEST_SUITE(redaction)

BOOST_AUTO_TEST_CASE(a_password_in_a_uri_is_taken_out_and_the_rest_stays) {
  BOOST_TEST(without_passwords("url = \"postgresql://cw:hunter2@db:5432/cw\" # set") ==
             "url = \"postgresql://cw:(redacted)@db:5432/cw\" # set");
  BOOST_TEST(without_passwords("postgresql://cw:p@ss@db/cw") == "postgresql://cw:(redacted)@db/cw");
  BOOST_TEST(without_passwords("postgresql:///cw?user=cw&password=hunter2&host=db") ==
             "postgresql:///cw?user=cw&password=(redacted)&host=db");
  BOOST_TEST(without_passwords("\"host=db password=hunter2\"") == "\"host=db password=(redacted)\"");
  BOOST_TEST(without_passwords("\"host=db password = hunter2 user=cw\"") ==
             "\"host=db password = (redacted) user=cw\"");
  BOOST_TEST(without_passwords("\"host=db password='hunter 2' user=cw\"") ==
             "\"host=db password='(redacted)' user=cw\"");
  BOOST_TEST(without_passwords(R"(password = 'hun\'ter2' user=cw)") == "password = '(redacted)' user=cw");
  BOOST_TEST(without_passwords(R"(password='hun\\'ter2' user=cw)") == "password='(redacted)' user=cw"); // as TOML
  BOOST_TEST(without_passwords(R"(password=hun\ ter2 user=cw)") == "password=(redacted) user=cw");
  BOOST_TEST(without_passwords("password='hunter2") == "password='(redacted)");
  BOOST_TEST(without_passwords("password = \"hunter 2\" # set") == "password = \"(redacted)\" # set");
  BOOST_TEST(without_passwords("password=one sslpassword=two") == "password=(redacted) sslpassword=(redacted)");
  for (const char* plain : {"postgresql:///cw?host=/run/postgresql", "postgresql://cw@db:5432/cw", "tcp://127.0.0.1:1",
                            "ipc:///run/causeway/admin.sock", "a = \"b\"", "password_file = \"/etc/secret\"",
                            "the password is wrong", "password ="})
    BOOST_TEST(without_passwords(plain) == plain);
}

BOOST_AUTO_TEST_SUITE_END()
