#include "actors/remote_server/delivery_notifier.hpp"

namespace causeway::remote_server {

bool delivery_notifier::wants_all() const {
  return server_.options().delivery_notifications == config::delivery_detail::all;
}

bool delivery_notifier::wants_outages() const {
  return wants_all() || server_.options().delivery_notifications == config::delivery_detail::delayed;
}

bool delivery_notifier::delayed(const queued_pdu& message, const std::string& why) {
  if (!wants_outages()) return false;
  notify(message, "delayed", why);
  return true;
}

void delivery_notifier::failed(const queued_pdu& pdu, const std::string& why) {
  if (wants_outages()) notify(pdu, "failed", why);
}

void delivery_notifier::delivered(const std::vector<queued_pdu>& pdus,
                                  const std::map<std::string, std::string>& refused, const std::string& delayed) {
  for (const auto& q : pdus) {
    const auto& event_id = q.event->event_id;
    if (const auto error = refused.find(event_id); error != refused.end()) failed(q, error->second);
    else if (wants_all() || (wants_outages() && event_id == delayed)) notify(q, "delivered", {});
  }
}

void delivery_notifier::notify(const queued_pdu& pdu, const char* state, const std::string& why) {
  if (!pdu.is_message()) return;
  const auto& e = *pdu.event;
  out_.write(store::append_delivery{
    server_.node.stream_of(e.room_id),
    {pdu.chat_room_id, e.room_id, pdu.chat_message_id, e.event_id, server_.name, state, why, out_.now()}});
}

} // namespace causeway::remote_server
