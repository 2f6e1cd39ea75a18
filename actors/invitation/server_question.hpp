#pragma once
#include "actors/invitation/invitation_record.hpp"
#include "actors/invitation/question.hpp"
#include "messages/matrix/endpoints.hpp"
#include "messages/remote_server.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace causeway::invitation {

/// What another server is asked.
enum class server_request : std::uint8_t { invite, make_leave, send_leave, make_knock, send_knock, about_knock };

/// The one request to another server that is open.
class server_question {
public:
  explicit server_question(invitation_record& record) : record_(record) {}

  /// It is open from now on, and the one before concerns nobody any more.
  /// @param about  the second parameter of the endpoint's path: a user or an event
  peer_request ask(server_request what, matrix::endpoint endpoint, const std::string& about, std::uint32_t timeout_ms);
  bool is_open() const { return open_.is_open(); }
  bool is_open(server_request what) const { return is_open() && open_.about() == what; }
  /// What has been answered; nothing: no open request.
  std::optional<server_request> answered(const peer_answer& m);
  void forget() { open_.forget(); }
  /// The answer that stands for one that was lost with the actor that was asked.
  std::optional<peer_answer> lost() const;

private:
  invitation_record& record_;
  question<server_request> open_;
  token asked_ = 0;
};

} // namespace causeway::invitation
