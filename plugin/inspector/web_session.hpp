#pragma once
#include "plugin/inspector/routes.hpp"
#include "plugin/inspector/web_core.hpp"

#include <utility>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace causeway::inspector {

namespace beast = boost::beast;
namespace http = boost::beast::http;

/// One connection: a request at a time, or the events of one viewer until they go. On the server's thread; answers of
/// the node come from any.
class web_session : public std::enable_shared_from_this<web_session> {
public:
  web_session(std::shared_ptr<web_server::core> of, asio::ip::tcp::socket from);
  ~web_session();

  void run();
  void end();
  /// Writes what is news to a viewer.
  void pump();

private:
  using request = http::request<http::string_body>;
  using response = http::response<http::string_body>;

  void read();
  void handle();
  /// @returns the reason why this request is not answered; status 0: it is
  answer refusal(const route& x);
  bool may_read();
  void dispatch(const route& x, std::string_view rest, target_parts target);
  void serve_page(std::string_view path);
  void serve_verb(std::string_view verb, bool may_change, target_parts target);
  void serve_health(bool verbose);
  void log_in();
  void look(const target_parts& target);
  void watch_for_end();

  /// Hands an answer that comes from any thread to the server's; after `answer_patience_s` it is not waited for.
  answer_function awaited();
  void reply(answer x);
  void fail(int status, std::string_view code, std::string_view message);
  void send(response x);
  response headed(int status, std::string_view content_type) const;
  std::string_view header(http::field name) const;

  const std::shared_ptr<web_server::core> core_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  request request_;
  std::shared_ptr<response> response_; ///< while it is written
  asio::steady_timer deadline_;        ///< for the node's answer
  std::uint64_t awaited_ = 0;          ///< number of the answer that is waited for; 0: none
  std::uint64_t last_awaited_ = 0;
  std::string cookie_; ///< to be set with the answer
  std::optional<live_feed::viewer> viewer_;
  bool begun_ = false;   ///< the head of the events is written
  bool writing_ = false; ///< events
  std::string written_;
  std::array<char, 64> ignored_{}; ///< what a viewer sends
  bool ended_ = false;
};

} // namespace causeway::inspector
