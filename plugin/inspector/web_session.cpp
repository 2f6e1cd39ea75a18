#include "plugin/inspector/web_session.hpp"

#include "messages/matrix/json.hpp"
#include "plugin/inspector/page_files.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <chrono>
#include <set>

namespace causeway::inspector {

namespace {

namespace json = matrix::json;
using std::chrono::seconds;

constexpr std::size_t target_bytes_max = 8 * 1024;
constexpr std::string_view plain = "text/plain; charset=utf-8";
/// Scripts, styles and data of this server alone; nobody may put the page into a frame.
constexpr const char* content_policy =
  "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'";

std::string fault_text(std::string_view code, std::string_view message) {
  return json::canonical(json::object{{"code", json::value{code}}, {"message", json::value{message}}});
}

std::string_view value_of(const target_parts& target, std::string_view name) {
  for (const auto& [key, text] : target.query)
    if (key == name) return text;
  return {};
}

answer health_answer(const std::vector<health_check>& checks, bool verbose, bool as_json) {
  const bool all_pass = std::all_of(checks.begin(), checks.end(), [](const auto& x) { return x.passes; });
  answer x{all_pass ? 200 : 503, std::string{plain}, {}};
  if (as_json) {
    json::array list;
    for (const auto& each : checks)
      list.emplace_back(json::object{{"name", each.name}, {"passes", each.passes}, {"what", each.what}});
    x.content_type = "application/json";
    x.body = json::canonical(json::object{{"passes", all_pass}, {"checks", std::move(list)}}) + "\n";
    return x;
  }
  if (verbose)
    for (const auto& each : checks)
      x.body += (each.passes ? "[+] " : "[-] ") + each.name + (each.what.empty() ? "" : ": " + each.what) + "\n";
  x.body += all_pass ? "ok\n" : "no\n";
  return x;
}

bool has(const target_parts& target, std::string_view name) {
  return std::any_of(target.query.begin(), target.query.end(), [name](const auto& x) { return x.first == name; });
}

} // namespace

web_session::web_session(std::shared_ptr<web_server::core> of, asio::ip::tcp::socket from)
    : core_(std::move(of)), stream_(std::move(from)), deadline_(core_->io) {}

web_session::~web_session() = default;

void web_session::run() {
  core_->sessions.insert(this);
  beast::error_code ignored;
  stream_.socket().set_option(asio::ip::tcp::no_delay{true}, ignored);
  read();
}

void web_session::end() {
  if (std::exchange(ended_, true)) return;
  core_->sessions.erase(this);
  if (viewer_) core_->feed.leave(*viewer_, core_->node->now_ms());
  deadline_.cancel();
  beast::error_code ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  stream_.close();
}

void web_session::read() {
  parser_.emplace();
  parser_->header_limit(web_server::header_bytes_max);
  parser_->body_limit(web_server::body_bytes_max);
  // One that waits for its first byte is idle; a request that has begun has to be here soon.
  stream_.expires_after(seconds{buffer_.size() > 0 ? web_server::request_patience_s : web_server::idle_patience_s});
  const auto began = [self = shared_from_this()](const beast::error_code& error, std::size_t) {
    if (self->ended_) return;
    if (error == http::error::header_limit) return self->fail(431, "too_large", "the header is too large");
    if (error == http::error::body_limit) return self->fail(413, "too_large", "the body is too large");
    if (error) return self->end();
    self->stream_.expires_after(seconds{web_server::request_patience_s});
    http::async_read(self->stream_, self->buffer_, *self->parser_, [self](const beast::error_code& wrong, std::size_t) {
      if (self->ended_) return;
      if (wrong == http::error::body_limit) {
        self->request_ = {};
        self->request_.keep_alive(false);
        return self->fail(413, "too_large", "the body is too large");
      }
      if (wrong) return self->end();
      self->request_ = self->parser_->release();
      self->handle();
    });
  };
  request_ = {};
  request_.keep_alive(false); // of what cannot be read
  http::async_read_header(stream_, buffer_, *parser_, began);
}

std::string_view web_session::header(http::field name) const {
  const auto text = request_[name];
  return {text.data(), text.size()};
}

bool web_session::may_read() {
  if (!core_->token.exists()) return true;
  return core_->token.is_cookie(cookie(header(http::field::cookie), access_token::cookie_name)) ||
         core_->token.is_token(bearer_token(header(http::field::authorization)));
}

answer web_session::refusal(const route& x) {
  const auto no = [](int status, std::string_view code, std::string_view message) {
    return answer{status, "application/json", fault_text(code, message)};
  };
  const bool changes = x.what == resource::change || x.what == resource::login || x.what == resource::logout;
  const auto from = request_["Sec-Fetch-Site"];
  if (changes && request_["X-Causeway"] != "1")
    return no(403, "forbidden", "what changes something needs the header X-Causeway: 1");
  if (x.what != resource::page && from == "cross-site") return no(403, "forbidden", "other sites are answered nothing");
  if (x.who == access::anybody) return {0, {}, {}};
  if (x.who == access::writer && !core_->token.exists())
    return no(403, "role_denied",
              "nothing can be changed here without a token: set admin.web_token_file, or use `causeway`");
  // Guesses are few. A cookie is no guess, so whoever is logged in is not kept out by somebody who does.
  const bool guesses = core_->token.exists() && !header(http::field::authorization).empty();
  const auto now_s = core_->node->now_ms() / 1'000;
  if (guesses && !core_->token.may_try(now_s)) return no(429, "limit_exceeded", "too many wrong tokens; wait a second");
  if (may_read()) return {0, {}, {}};
  if (guesses) core_->token.was_wrong();
  return no(401, guesses ? "unknown_token" : "missing_token", "show the token of admin.web_token_file");
}

void web_session::handle() {
  const auto text = request_.target();
  const auto method = request_.method_string();
  if (text.size() > target_bytes_max) return fail(414, "too_large", "the target is too long");
  auto target = read_target({text.data(), text.size()});
  if (!target) return fail(400, "invalid_param", "the target is malformed");
  if (!is_own_host(header(http::field::host), core_->settings.hosts))
    return fail(421, "forbidden", "this is no name of this server: use its address, or set admin.web_hosts");
  const auto found = find_route({method.data(), method.size()}, target->path);
  if (!found.at)
    return found.is_other_method ? fail(405, "method_not_allowed", "this takes another method")
                                 : fail(404, "not_found", "there is nothing");
  if (auto no = refusal(*found.at); no.status != 0) return reply(std::move(no));
  const std::string rest{found.rest};
  dispatch(*found.at, rest, std::move(*target));
}

void web_session::dispatch(const route& x, std::string_view rest, target_parts target) {
  switch (x.what) {
  case resource::page: return serve_page(rest);
  case resource::verb: return serve_verb(rest, false, std::move(target));
  case resource::change: return serve_verb(rest, true, std::move(target));
  case resource::metrics: return core_->node->metrics(awaited());
  case resource::events: return look(target);
  case resource::login: return log_in();
  case resource::logout:
    cookie_ = std::string{access_token::cookie_name} + "=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0";
    return reply({200, "application/json", "{}"});
  case resource::health: return serve_health(has(target, "verbose"));
  case resource::live:
  case resource::ready: {
    // What is alive answers; what is ready passes all checks that keep it from taking what it is given.
    const auto checks = core_->node->health();
    std::string name = x.what == resource::live ? "live" : "ready";
    // One who shares out connections to one kind of door asks for that: where the doors are told apart.
    for (const auto& [key, door] : target.query)
      if (x.what == resource::ready && key == "door" &&
          std::any_of(checks.begin(), checks.end(), [&](const auto& each) { return each.name == "ready " + door; }))
        name = "ready " + door;
    for (const auto& each : checks)
      if (each.name == name && !each.passes) return reply({503, std::string{plain}, "no\n"});
    return reply({200, std::string{plain}, "ok\n"});
  }
  }
}

void web_session::serve_page(std::string_view path) {
  const auto* file = find_page_file(path);
  if (!file) return fail(404, "not_found", "there is no such file");
  const bool is_known = header(http::field::if_none_match) == file->etag;
  auto x = headed(is_known ? 304 : 200, content_type_of(file->path));
  x.set(http::field::etag, beast::string_view{file->etag.data(), file->etag.size()});
  x.set(http::field::cache_control, "no-cache");
  if (!is_known) x.body().assign(file->body);
  send(std::move(x));
}

void web_session::serve_verb(std::string_view verb, bool may_change, target_parts target) {
  question x;
  x.verb = verb;
  x.may_change = may_change;
  x.query = std::move(target.query);
  if (may_change) x.body = std::move(request_.body());
  core_->node->ask(std::move(x), awaited());
}

void web_session::serve_health(bool verbose) {
  const bool as_json = request_[http::field::accept].find("application/json") != beast::string_view::npos;
  core_->node->checks([done = awaited(), verbose, as_json](const std::vector<health_check>& checks) {
    done(health_answer(checks, verbose, as_json));
  });
}

void web_session::log_in() {
  const auto now_s = core_->node->now_ms() / 1'000;
  if (!core_->token.may_try(now_s)) return fail(429, "limit_exceeded", "too many wrong tokens; wait a second");
  const auto body = json::parse(request_.body());
  const auto* token = body ? body->find_string("token") : nullptr;
  if (!token || !core_->token.is_token(*token)) {
    core_->token.was_wrong();
    return fail(401, "unknown_token", "this is not the token of admin.web_token_file");
  }
  cookie_ =
    std::string{access_token::cookie_name} + "=" + core_->token.cookie_value() + "; Path=/; HttpOnly; SameSite=Strict";
  reply({200, "application/json", "{}"});
}

void web_session::look(const target_parts& target) {
  std::set<std::string> topics;
  auto list = value_of(target, "topics");
  while (!list.empty()) {
    const auto one = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), one.size() + 1));
    if (!live_feed::is_topic(one))
      return fail(400, "invalid_param", "topics: there is no topic \"" + std::string{one} + "\"");
    topics.emplace(one);
  }
  if (topics.empty()) return fail(400, "missing_param", "topics: name at least one");
  if (!core_->feed.has_room()) return fail(503, "overloaded", "too many viewers");
  const auto last = request_["Last-Event-ID"];
  viewer_ = core_->feed.join(topics, {last.data(), last.size()}, core_->node->now_ms());
  watch_for_end();
  core_->beat(); // what they want to know is asked for now
}

/// A viewer says nothing more; when their connection ends their place is given back.
void web_session::watch_for_end() {
  stream_.socket().async_read_some(asio::buffer(ignored_),
                                   [self = shared_from_this()](const beast::error_code& error, std::size_t) {
                                     if (self->ended_) return;
                                     error ? self->end() : self->watch_for_end();
                                   });
}

void web_session::pump() {
  if (!viewer_ || writing_ || ended_) return;
  auto text = core_->feed.take(*viewer_, core_->node->now_ms());
  if (text.empty()) return;
  if (!std::exchange(begun_, true)) {
    auto head = headed(200, "text/event-stream");
    head.keep_alive(false);
    head.set("X-Accel-Buffering", "no"); // a proxy hands it on at once
    std::string lines = "HTTP/1.1 200 OK\r\n";
    for (const auto& each : head.base())
      lines += std::string{each.name_string()} + ": " + std::string{each.value()} + "\r\n";
    text = lines + "\r\n" + text;
  }
  written_ = std::move(text);
  writing_ = true;
  stream_.expires_after(seconds{web_server::write_patience_s});
  asio::async_write(stream_, asio::buffer(written_), [self = shared_from_this()](const beast::error_code& error, auto) {
    self->writing_ = false;
    if (self->ended_) return;
    if (error) return self->end();
    self->stream_.expires_never();
    self->pump();
  });
}

answer_function web_session::awaited() {
  const auto number = ++last_awaited_;
  awaited_ = number;
  deadline_.expires_after(seconds{web_server::answer_patience_s});
  deadline_.async_wait([self = shared_from_this(), number](const beast::error_code& cancelled) {
    if (cancelled || self->ended_ || self->awaited_ != number) return;
    self->awaited_ = 0;
    self->fail(504, "timed_out", "the node did not answer in time");
  });
  stream_.expires_never();
  return [weak = weak_from_this(), number](answer x) {
    const auto self = weak.lock();
    if (!self) return;
    asio::post(self->core_->io, [weak, number, moved = std::move(x)]() mutable {
      const auto one = weak.lock();
      if (!one || one->ended_ || one->awaited_ != number) return;
      one->awaited_ = 0;
      one->deadline_.cancel();
      one->reply(std::move(moved));
    });
  };
}

web_session::response web_session::headed(int status, std::string_view content_type) const {
  response x{static_cast<http::status>(status), 11};
  x.keep_alive(request_.keep_alive() && !core_->stopping);
  x.set(http::field::content_type, beast::string_view{content_type.data(), content_type.size()});
  x.set(http::field::cache_control, "no-store");
  x.set("Content-Security-Policy", content_policy);
  x.set("X-Content-Type-Options", "nosniff");
  x.set("Referrer-Policy", "no-referrer");
  x.set("Cross-Origin-Resource-Policy", "same-origin");
  return x;
}

void web_session::reply(answer x) {
  auto made = headed(x.status, x.content_type);
  if (x.status == 401) made.set(http::field::www_authenticate, "Bearer");
  if (!cookie_.empty()) made.set(http::field::set_cookie, std::exchange(cookie_, {}));
  made.body() = std::move(x.body);
  send(std::move(made));
}

void web_session::fail(int status, std::string_view code, std::string_view message) {
  reply({status, "application/json", fault_text(code, message)});
}

void web_session::send(response x) {
  x.prepare_payload();
  if (request_.method() == http::verb::head) x.body().clear(); // its length stays said
  response_ = std::make_shared<response>(std::move(x));
  stream_.expires_after(seconds{web_server::request_patience_s});
  http::async_write(stream_, *response_, [self = shared_from_this()](const beast::error_code& error, std::size_t) {
    const bool goes_on = self->response_->keep_alive();
    self->response_ = nullptr;
    if (self->ended_) return;
    error || !goes_on ? self->end() : self->read();
  });
}

} // namespace causeway::inspector
