#include "plugin/inspector/web_server.hpp"

#include "plugin/inspector/web_session.hpp"

#include <boost/asio/post.hpp>

#include <charconv>
#include <chrono>
#include <optional>

namespace causeway::inspector {

namespace {

using tcp = asio::ip::tcp;

/// How often what is due is looked at; topics are asked for once a second.
constexpr std::chrono::milliseconds tick_interval{200};
constexpr std::int64_t sample_interval_ms = 1'000;

std::optional<tcp::endpoint> endpoint_of(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto host = text.substr(0, colon);
  const auto digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  boost::system::error_code wrong;
  const auto address = asio::ip::make_address(std::string{host}, wrong);
  if (wrong) return std::nullopt;
  return tcp::endpoint{address, port};
}

} // namespace

web_server::core::core(web_settings wanted, std::shared_ptr<services> with)
    : settings(std::move(wanted)), node(std::move(with)), feed(std::to_string(node->now_ms())), token(settings.token) {}

void web_server::core::accept_next() {
  accept.async_accept([self = shared_from_this()](const boost::system::error_code& error, tcp::socket from) {
    if (self->stopping || !self->accept.is_open()) return;
    if (error) { // no descriptors: at the next tick there may be some
      self->tick.expires_after(tick_interval);
      return self->tick.async_wait([self](const boost::system::error_code&) {
        if (self->stopping) return;
        self->accept_next();
        self->tick_next();
      });
    }
    if (self->sessions.size() < connections_max) std::make_shared<web_session>(self, std::move(from))->run();
    self->accept_next();
  });
}

void web_server::core::tick_next() {
  tick.expires_after(tick_interval);
  tick.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (self->stopping || error) return;
    self->beat();
    self->tick_next();
  });
}

void web_server::core::beat() {
  const auto now = node->now_ms();
  if (now >= next_sample_ms || next_sample_ms > now + sample_interval_ms) {
    next_sample_ms = now + sample_interval_ms;
    feed.sampled(node->sample(), now);
  }
  for (const auto& topic : feed.due(now))
    node->poll(topic, [weak = weak_from_this(), topic](late_rows rows) {
      const auto self = weak.lock();
      if (!self) return;
      asio::post(self->io, [weak, topic, moved = std::move(rows)] {
        const auto x = weak.lock(); // what is left in `io` must not keep it
        if (!x || x->stopping) return;
        auto found = moved();
        x->feed.polled(topic, std::move(found), x->node->now_ms());
        x->pump_all();
      });
    });
  pump_all();
}

void web_server::core::pump_all() {
  const auto all = sessions; // one that fails takes itself out
  for (auto* each : all)
    if (sessions.contains(each)) each->pump();
}

void web_server::core::end_all() {
  stopping = true;
  boost::system::error_code ignored;
  accept.close(ignored);
  tick.cancel();
  const auto all = sessions;
  for (auto* each : all)
    if (sessions.contains(each)) each->end();
}

web_server::web_server(web_settings settings, std::shared_ptr<services> with)
    : core_(std::make_shared<core>(std::move(settings), std::move(with))) {}

web_server::~web_server() { stop(); }

status web_server::start() {
  const auto at = endpoint_of(core_->settings.listen);
  const auto what = "admin.web_listen: '" + core_->settings.listen + "'";
  if (!at) return {fault_code::invalid_param, what + " is not ip:port"};
  boost::system::error_code error;
  const auto step = [&](auto&& act) {
    if (!error) act();
  };
  step([&] { core_->accept.open(at->protocol(), error); });
  step([&] { core_->accept.set_option(asio::socket_base::reuse_address{true}, error); });
  step([&] { core_->accept.bind(*at, error); });
  step([&] { core_->accept.listen(asio::socket_base::max_listen_connections, error); });
  if (error == boost::system::errc::address_in_use) return {fault_code::address_in_use, what + ": " + error.message()};
  if (error) return {fault_code::invalid_param, what + ": " + error.message()};
  core_->accept_next();
  core_->tick_next();
  thread_ = std::thread([x = core_] { x->io.run(); });
  return ok();
}

std::uint16_t web_server::port() const {
  boost::system::error_code ignored;
  return core_->accept.local_endpoint(ignored).port();
}

void web_server::stop() {
  if (!thread_.joinable()) return;
  asio::post(core_->io, [x = core_] { x->end_all(); });
  thread_.join(); // nothing is left to wait for: all is closed
}

} // namespace causeway::inspector
