#include "plugin/inspector/request_rules.hpp"

#include "plugin/inspector/page_files.hpp"
#include "plugin/inspector/routes.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace causeway::inspector;

BOOST_AUTO_TEST_SUITE(inspector_request_rules)

BOOST_AUTO_TEST_CASE(a_target_is_decoded_once) {
  const auto x = read_target("/api/room.show?room=%21a%3Ab.example&filter=a+b%252F&all");
  BOOST_REQUIRE(x);
  BOOST_TEST(x->path == "/api/room.show");
  BOOST_REQUIRE(x->query.size() == 3u);
  BOOST_TEST(x->query[0].second == "!a:b.example");
  BOOST_TEST(x->query[1].second == "a b%2F");
  BOOST_TEST(x->query[2].first == "all");
  BOOST_TEST(x->query[2].second.empty());
}

BOOST_AUTO_TEST_CASE(a_malformed_target_is_none) {
  for (const std::string_view text : {"", "api", "http://a/", "/a%", "/a%2", "/a%zz", "/%00", "/a?b=%00"})
    BOOST_TEST(!read_target(text), text);
  std::string many = "/?";
  for (std::size_t i = 0; i <= query_pairs_max; ++i) many += "a=b&";
  BOOST_TEST(!read_target(many));
}

BOOST_AUTO_TEST_CASE(a_name_of_somebody_else_is_no_host_of_ours) {
  for (const auto* host : {"localhost", "LOCALHOST:9090", "127.0.0.1:1", "10.0.0.7", "[::1]:9090", "[fe80::1]"})
    BOOST_TEST(is_own_host(host, {}), host);
  for (const auto* host : {"", "evil.example", "evil.example:9090", "localhost.evil.example", "127.0.0.1.evil.example",
                           "[::1", "[evil]", "127.0.0.1@evil.example"})
    BOOST_TEST(!is_own_host(host, {}), host);
  BOOST_TEST(is_own_host("Ops.Example:443", {"ops.example"}));
}

BOOST_AUTO_TEST_CASE(cookies_and_bearer_tokens_are_found) {
  BOOST_TEST(cookie("a=1; causeway_token=x=y ;b=2", "causeway_token") == "x=y");
  BOOST_TEST(cookie("xcauseway_token=1", "causeway_token").empty());
  BOOST_TEST(bearer_token("bearer abc") == "abc");
  BOOST_TEST(bearer_token("Basic abc").empty());
  BOOST_TEST(bearer_token("Bearer ").empty());
}

BOOST_AUTO_TEST_CASE(only_the_token_and_its_cookie_are_taken) {
  const access_token ours{"correct horse battery"}, other_start{"correct horse battery"}, none{""};
  BOOST_TEST(ours.is_token("correct horse battery"));
  BOOST_TEST(!ours.is_token("correct horse batterx"));
  BOOST_TEST(!ours.is_token(""));
  BOOST_TEST(ours.is_cookie(ours.cookie_value()));
  BOOST_TEST(!ours.is_cookie("correct horse battery"));
  BOOST_TEST(!ours.is_cookie(other_start.cookie_value()));
  BOOST_TEST(!none.exists());
  BOOST_TEST(!none.is_token(""));
  BOOST_TEST(!none.is_cookie(none.cookie_value()));
}

BOOST_AUTO_TEST_CASE(guesses_are_few) {
  access_token ours{"correct horse battery"};
  for (int i = 0; i < access_token::wrong_per_second_max; ++i) {
    BOOST_TEST(ours.may_try(10));
    ours.was_wrong();
  }
  BOOST_TEST(!ours.may_try(10));
  BOOST_TEST(ours.may_try(11));
}

BOOST_AUTO_TEST_CASE(each_path_has_its_route) {
  BOOST_TEST((find_route("GET", "/metrics").at->what == resource::metrics));
  BOOST_TEST((find_route("HEAD", "/livez").at->what == resource::live));
  const auto verb = find_route("GET", "/api/room.show");
  BOOST_TEST((verb.at->what == resource::verb));
  BOOST_TEST(verb.rest == "room.show");
  BOOST_TEST((find_route("POST", "/api/x").at->who == access::writer));
  BOOST_TEST((find_route("GET", "/").at->what == resource::page));
  BOOST_TEST(find_route("GET", "/vendor/a.js").rest == "vendor/a.js");
}

BOOST_AUTO_TEST_CASE(another_method_is_told_as_such) {
  for (const auto* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
    const auto x = find_route(method, "/metrics");
    BOOST_TEST(!x.at, method);
    BOOST_TEST(x.is_other_method, method);
  }
  BOOST_TEST(!find_route("GET", "/login").at);
  BOOST_TEST(!find_route("GET", "metrics").at);
}

BOOST_AUTO_TEST_CASE(what_tells_of_the_broker_needs_the_token) {
  for (const auto& x : routes()) {
    const bool is_open = x.what == resource::page || x.what == resource::live || x.what == resource::ready ||
                         x.what == resource::login || x.what == resource::logout;
    BOOST_TEST((x.who == access::anybody) == is_open, x.path);
    if (x.method == "POST" && !is_open) BOOST_TEST((x.who == access::writer), x.path);
  }
}

BOOST_AUTO_TEST_CASE(no_path_leads_out_of_the_page) {
  for (const auto* path : {"../services.hpp", "..%2f", "/etc/passwd", "vendor/../../services.hpp", "vendor", "vendor/"})
    BOOST_TEST(!find_page_file(path), path);
  for (const auto& file : page_files()) {
    BOOST_TEST((find_page_file(file.path) == &file));
    BOOST_TEST(file.etag.size() == 34u);
    BOOST_TEST(!content_type_of(file.path).empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()
