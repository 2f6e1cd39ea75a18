#include "plugin/inspector/web_server.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::inspector;

namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

/// A real listener; what it would ask a node is answered here.
struct web_rig : services {
  std::atomic<std::int64_t> now{5'000'000};
  std::atomic<bool> is_ready{true}, has_doors{false};
  std::mutex mutex;
  std::vector<question> asked; ///< guarded
  std::unique_ptr<web_server> server;

  explicit web_rig(std::string token = {}, std::vector<std::string> hosts = {}) {
    server = std::make_unique<web_server>(web_settings{"127.0.0.1:0", std::move(token), std::move(hosts)}, itself());
    BOOST_REQUIRE(bool{server->start()});
  }

  void ask(question q, answer_function done) override {
    const std::lock_guard guard(mutex);
    asked.push_back(q);
    if (q.verb != "silent") done({q.verb == "absent" ? 404 : 200, "application/json", "{\"verb\":\"" + q.verb + "\"}"});
  }
  void metrics(answer_function done) override { done({200, "text/plain", "causeway_test 1\n"}); }
  std::vector<health_check> health() override {
    std::vector<health_check> all{{"live", true, {}}, {"ready", is_ready, {}}, {"store", is_ready, "the disk is full"}};
    if (has_doors) all.insert(all.end(), {{"ready chat", true, {}}, {"ready federation", false, {}}});
    return all;
  }
  void checks(std::function<void(std::vector<health_check>)> done) override { done(health()); }
  void poll(const std::string&, std::function<void(late_rows)> done) override {
    done([] { return topic_rows{{{"a", "{\"n\":1}"}}}; });
  }
  std::string sample() override { return "{}"; }
  std::int64_t now_ms() override { return now; }
  /// The server ends before this.
  std::shared_ptr<services> itself() { return {std::shared_ptr<void>{}, this}; }

  std::size_t questions() {
    const std::lock_guard guard(mutex);
    return asked.size();
  }
};

/// A client that writes what it is told, well-formed or not.
class raw_client {
public:
  explicit raw_client(std::uint16_t port) { socket_.connect({asio::ip::make_address("127.0.0.1"), port}); }
  void write(const std::string& text) { asio::write(socket_, asio::buffer(text)); }
  /// Head and body, by Content-Length.
  std::string answer() {
    boost::system::error_code error;
    const auto n = asio::read_until(socket_, buffer_, "\r\n\r\n", error);
    if (error) return "closed";
    auto head = take(n);
    const auto at = head.find("Content-Length: ");
    if (at == std::string::npos) return head;
    const auto length = std::stoul(head.substr(at + 16));
    while (buffer_.size() < length && !error) read_some(error);
    return head + take(std::min<std::size_t>(length, buffer_.size()));
  }
  /// Until `end` has come.
  std::string until(const std::string& end) {
    boost::system::error_code error;
    const auto n = asio::read_until(socket_, buffer_, end, error);
    return error ? "closed" : take(n);
  }
  bool is_closed() {
    boost::system::error_code error;
    read_some(error);
    return error == asio::error::eof || error == asio::error::connection_reset;
  }

private:
  void read_some(boost::system::error_code& error) { buffer_.commit(socket_.read_some(buffer_.prepare(4'096), error)); }
  std::string take(std::size_t n) {
    std::string text(asio::buffers_begin(buffer_.data()),
                     asio::buffers_begin(buffer_.data()) + static_cast<std::ptrdiff_t>(n));
    buffer_.consume(n);
    return text;
  }
  asio::io_context io_;
  tcp::socket socket_{io_};
  asio::streambuf buffer_;
};

std::string get(const std::string& target, const std::string& headers = {}) {
  return "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + headers + "\r\n";
}
std::string post(const std::string& target, const std::string& body, const std::string& headers = "X-Causeway: 1\r\n") {
  return "POST " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
int status_of(const std::string& answer) { return answer.size() < 12 ? 0 : std::stoi(answer.substr(9, 3)); }

int asked_once(web_rig& rig, const std::string& request) {
  raw_client one(rig.server->port());
  one.write(request);
  return status_of(one.answer());
}

const std::string token = "0123456789abcdef";

} // namespace

BOOST_AUTO_TEST_SUITE(inspector_web_server)

BOOST_AUTO_TEST_CASE(several_requests_share_a_connection) {
  web_rig rig;
  raw_client one(rig.server->port());
  for (int i = 0; i < 3; ++i) {
    one.write(get("/api/servers?filter=a%20b"));
    const auto text = one.answer();
    BOOST_TEST(status_of(text) == 200);
    BOOST_TEST(text.ends_with("{\"verb\":\"servers\"}"));
  }
  BOOST_TEST(rig.asked.front().query.front().second == "a b");
  BOOST_TEST(!rig.asked.front().may_change);
}

BOOST_AUTO_TEST_CASE(licences_of_the_pages_libraries_are_served_with_it) {
  web_rig rig{token}; // also to who has not shown the token: so is the page
  raw_client one(rig.server->port());
  for (const auto& [target, holder] :
       {std::pair{"/vendor/htm/LICENSE", "Copyright 2018 Google Inc."},
        std::pair{"/vendor/preact/LICENSE", "Jason Miller"}, std::pair{"/vendor/uplot/LICENSE", "Leon Sorokin"}}) {
    one.write(get(target));
    const auto text = one.answer();
    BOOST_TEST(status_of(text) == 200, target);
    BOOST_TEST(text.find("Content-Type: text/plain") != std::string::npos, target);
    BOOST_TEST(text.find(holder) != std::string::npos, target);
  }
}

BOOST_AUTO_TEST_CASE(every_answer_keeps_other_sites_out) {
  web_rig rig;
  raw_client one(rig.server->port());
  for (const auto* target : {"/metrics", "/nothing", "/api/servers", "/livez"}) {
    one.write(get(target));
    const auto text = one.answer();
    BOOST_TEST(text.find("Content-Security-Policy: default-src 'self'") != std::string::npos, target);
    BOOST_TEST(text.find("X-Content-Type-Options: nosniff") != std::string::npos, target);
    BOOST_TEST(text.find("Access-Control") == std::string::npos, target);
  }
}

BOOST_AUTO_TEST_CASE(a_request_for_the_name_of_somebody_else_is_told_nothing) {
  web_rig rig{{}, {"ops.example"}};
  BOOST_TEST(asked_once(rig, "GET /api/servers HTTP/1.1\r\nHost: evil.example\r\n\r\n") == 421);
  BOOST_TEST(asked_once(rig, "GET /api/servers HTTP/1.1\r\n\r\n") == 421);
  BOOST_TEST(rig.questions() == 0u);
  BOOST_TEST(asked_once(rig, "GET /api/servers HTTP/1.1\r\nHost: ops.example\r\n\r\n") == 200);
}

BOOST_AUTO_TEST_CASE(another_site_is_told_nothing_even_where_no_token_is_needed) {
  web_rig rig;
  BOOST_TEST(asked_once(rig, get("/api/servers", "Sec-Fetch-Site: cross-site\r\n")) == 403);
  BOOST_TEST(asked_once(rig, get("/events?topics=servers", "Sec-Fetch-Site: cross-site\r\n")) == 403);
  BOOST_TEST(rig.questions() == 0u);
}

BOOST_AUTO_TEST_CASE(without_a_token_nothing_can_be_changed) {
  web_rig rig;
  BOOST_TEST(asked_once(rig, post("/api/server.retry", "{}")) == 403);
  BOOST_TEST(rig.questions() == 0u);
}

BOOST_AUTO_TEST_CASE(a_change_needs_the_header_that_forms_cannot_send) {
  web_rig rig{token};
  const auto bearer = "Authorization: Bearer " + token + "\r\n";
  BOOST_TEST(asked_once(rig, post("/api/server.retry", "{}", bearer)) == 403);
  BOOST_TEST(rig.questions() == 0u);
  BOOST_TEST(asked_once(rig, post("/api/server.retry", "{}", bearer + "X-Causeway: 1\r\n")) == 200);
  BOOST_TEST(rig.asked.front().may_change);
}

BOOST_AUTO_TEST_CASE(with_a_token_only_who_shows_it_is_told_anything) {
  web_rig rig{token};
  for (const auto* target : {"/api/servers", "/metrics", "/healthz", "/events?topics=servers"})
    BOOST_TEST(asked_once(rig, get(target)) == 401, target);
  BOOST_TEST(asked_once(rig, get("/livez")) == 200);
  BOOST_TEST(asked_once(rig, get("/readyz")) == 200);
  BOOST_TEST(asked_once(rig, get("/metrics", "Authorization: Bearer wrong\r\n")) == 401);
  BOOST_TEST(asked_once(rig, get("/metrics", "Authorization: Bearer " + token + "\r\n")) == 200);
  BOOST_TEST(rig.questions() == 0u);
}

BOOST_AUTO_TEST_CASE(a_login_gives_a_cookie_that_is_not_the_token) {
  web_rig rig{token};
  raw_client one(rig.server->port());
  one.write(post("/login", R"({"token":"wrong"})"));
  BOOST_TEST(status_of(one.answer()) == 401);
  one.write(post("/login", R"({"token":")" + token + "\"}"));
  const auto text = one.answer();
  BOOST_TEST(status_of(text) == 200);
  const auto at = text.find("Set-Cookie: ");
  BOOST_REQUIRE(at != std::string::npos);
  BOOST_TEST(text.find("HttpOnly; SameSite=Strict") != std::string::npos);
  BOOST_TEST(text.find(token) == std::string::npos);
  const auto cookie = text.substr(at + 12, text.find(';', at) - at - 12);
  BOOST_TEST(asked_once(rig, get("/api/servers", "Cookie: " + cookie + "\r\n")) == 200);
}

BOOST_AUTO_TEST_CASE(guesses_are_not_looked_at_for_long_and_keep_nobody_out_who_is_in) {
  web_rig rig{token};
  raw_client one(rig.server->port());
  one.write(post("/login", R"({"token":")" + token + "\"}"));
  const auto text = one.answer();
  const auto at = text.find("Set-Cookie: ");
  const auto cookie = "Cookie: " + text.substr(at + 12, text.find(';', at) - at - 12) + "\r\n";
  for (int i = 0; i < 5; ++i) BOOST_TEST(asked_once(rig, get("/metrics", "Authorization: Bearer x\r\n")) == 401);
  BOOST_TEST(asked_once(rig, get("/metrics", "Authorization: Bearer x\r\n")) == 429);
  BOOST_TEST(asked_once(rig, get("/metrics", cookie)) == 200);
  rig.now += 1'000;
  BOOST_TEST(asked_once(rig, get("/metrics", "Authorization: Bearer " + token + "\r\n")) == 200);
}

BOOST_AUTO_TEST_CASE(a_request_that_is_too_large_is_refused_before_it_is_read) {
  web_rig rig{token};
  const auto head = "Authorization: Bearer " + token + "\r\nX-Causeway: 1\r\n";
  BOOST_TEST(
    asked_once(rig, "POST /api/x HTTP/1.1\r\nHost: 127.0.0.1\r\n" + head + "Content-Length: 100000000\r\n\r\n") == 413);
  BOOST_TEST(asked_once(rig, get("/" + std::string(9'000, 'a'))) == 414);
  BOOST_TEST(asked_once(rig, get("/", "X-Long: " + std::string(20'000, 'a') + "\r\n")) == 431);
  BOOST_TEST(rig.questions() == 0u);
}

BOOST_AUTO_TEST_CASE(rubbish_ends_its_connection_only) {
  web_rig rig;
  raw_client bad(rig.server->port());
  bad.write("\x16\x03\x01 no HTTP\r\n\r\n");
  BOOST_TEST(bad.is_closed());
  BOOST_TEST(asked_once(rig, get("/livez")) == 200);
}

BOOST_AUTO_TEST_CASE(connections_are_bounded) {
  web_rig rig;
  std::vector<std::unique_ptr<raw_client>> all;
  for (std::size_t i = 0; i < web_server::connections_max; ++i) {
    all.push_back(std::make_unique<raw_client>(rig.server->port()));
    all.back()->write(get("/livez"));
    BOOST_REQUIRE(status_of(all.back()->answer()) == 200);
  }
  raw_client more(rig.server->port());
  BOOST_TEST(more.is_closed());
  all.clear();
}

BOOST_AUTO_TEST_CASE(each_door_is_ready_or_not_where_they_are_told_apart) {
  web_rig rig;
  rig.is_ready = false;
  BOOST_TEST(asked_once(rig, get("/readyz?door=chat")) == 503); // they are not
  rig.has_doors = true;
  BOOST_TEST(asked_once(rig, get("/readyz?door=chat")) == 200);
  BOOST_TEST(asked_once(rig, get("/readyz?door=federation")) == 503);
  BOOST_TEST(asked_once(rig, get("/readyz?door=trap")) == 503); // as without
  BOOST_TEST(asked_once(rig, get("/readyz")) == 503);
}

BOOST_AUTO_TEST_CASE(what_is_not_ready_says_why) {
  web_rig rig;
  BOOST_TEST(asked_once(rig, get("/readyz")) == 200);
  rig.is_ready = false;
  BOOST_TEST(asked_once(rig, get("/readyz")) == 503);
  BOOST_TEST(asked_once(rig, get("/livez")) == 200);
  raw_client one(rig.server->port());
  one.write(get("/healthz?verbose"));
  const auto text = one.answer();
  BOOST_TEST(status_of(text) == 503);
  BOOST_TEST(text.find("[-] store: the disk is full\n") != std::string::npos);
  one.write(get("/healthz", "Accept: application/json\r\n"));
  BOOST_TEST(one.answer().find("\"passes\":false") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(head_is_answered_without_a_body) {
  web_rig rig;
  raw_client one(rig.server->port());
  one.write("HEAD /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  const auto text = one.until("\r\n\r\n");
  BOOST_TEST(status_of(text) == 200);
  BOOST_TEST(text.find("Content-Length: 16") != std::string::npos);
  one.write(get("/livez"));
  BOOST_TEST(one.until("ok\n").starts_with("HTTP/1.1 200"));
}

BOOST_AUTO_TEST_CASE(events_begin_when_what_is_looked_at_is_known) {
  web_rig rig;
  raw_client one(rig.server->port());
  one.write(get("/events?topics=servers,rates"));
  const auto text = one.until("\"points\":[");
  BOOST_TEST(text.find("Content-Type: text/event-stream") != std::string::npos);
  BOOST_TEST(text.find("Content-Length") == std::string::npos);
  BOOST_TEST(text.find("event: rates") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_unknown_topic_is_refused) {
  web_rig rig;
  BOOST_TEST(asked_once(rig, get("/events?topics=servers,secrets")) == 400);
  BOOST_TEST(asked_once(rig, get("/events")) == 400);
}

BOOST_AUTO_TEST_CASE(a_viewer_that_comes_back_from_an_earlier_start_is_told_of_the_gap) {
  web_rig rig;
  raw_client one(rig.server->port());
  one.write(get("/events?topics=servers", "Last-Event-ID: 1-5\r\n"));
  BOOST_TEST(one.until("\"topics\":[\"servers\"]").find("event: gap") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_end_of_the_server_ends_viewers_and_those_who_wait) {
  web_rig rig;
  raw_client viewer(rig.server->port()), waiting(rig.server->port());
  viewer.write(get("/events?topics=servers"));
  viewer.until("retry: 2000\n\n");
  waiting.write(get("/api/silent"));
  while (rig.questions() == 0) std::this_thread::yield();
  rig.server->stop();
  BOOST_TEST(viewer.is_closed());
  BOOST_TEST(waiting.is_closed());
}

BOOST_AUTO_TEST_CASE(an_address_in_use_is_told_as_such) {
  web_rig rig;
  web_server second{{"127.0.0.1:" + std::to_string(rig.server->port()), {}, {}}, rig.itself()};
  const auto started = second.start();
  BOOST_REQUIRE(!started);
  BOOST_TEST((started.error().code == fault_code::address_in_use));
}

BOOST_AUTO_TEST_SUITE_END()
