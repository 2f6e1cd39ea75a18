#pragma once
#include "plugin/inspector/live_feed.hpp"
#include "plugin/inspector/request_rules.hpp"
#include "plugin/inspector/web_server.hpp"

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <set>

/// Internal to the server.
namespace causeway::inspector {

namespace asio = boost::asio;

class web_session;

struct web_server::core : std::enable_shared_from_this<web_server::core> {
  core(web_settings wanted, std::shared_ptr<services> with);

  const web_settings settings;
  const std::shared_ptr<services> node;
  asio::io_context io;
  asio::ip::tcp::acceptor accept{io};
  asio::steady_timer tick{io};
  live_feed feed;
  access_token token;
  std::set<web_session*> sessions; ///< those that are open
  std::int64_t next_sample_ms = 0;
  bool stopping = false;

  void accept_next();
  void tick_next();
  void beat();
  /// What is news goes to all viewers.
  void pump_all();
  void end_all();
};

} // namespace causeway::inspector
