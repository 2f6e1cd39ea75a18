#include "actors/room/event_writer.hpp"

#include "actors/room/outliers.hpp"
#include "actors/room_type.hpp"

#include <iterator>
#include <utility>

namespace causeway::room {

std::vector<std::string> event_writer::add_outliers(std::vector<matrix::event_ptr> events) {
  return room::add_outliers(room_.graph, std::move(events), out_.writes());
}

matrix::state_map event_writer::add_state(remote_state::verified_events told, std::vector<std::string>& added) {
  return room::add_state(room_.graph, std::move(told), out_.writes(), added);
}

void event_writer::join(joined_graph tried, const matrix::event& event, const std::string& chat_room_id, bool is_direct,
                        std::optional<chat::room_type> type) {
  room_.graph = std::move(tried.graph);
  out_.writes().insert(out_.writes().end(), std::make_move_iterator(tried.writes.begin()),
                       std::make_move_iterator(tried.writes.end()));
  room_.exists = true;
  auto& head = room_.head;
  head.room_version = std::string{event.rules().id};
  head.phase = store::room_phase::joined;
  if (head.chat_room_id.empty()) head.chat_room_id = chat_room_id;
  if (!head.type) head.type = type;
  if (!head.type) head.type = infer_room_type(room_.traits(is_direct));
  head.history_from = event.prev_events;
  room_.head_changed = true;
}

void event_writer::create(const matrix::event_ptr& create, const std::string& chat_room_id, chat::room_type type,
                          bool federated) {
  room_.exists = true;
  auto& head = room_.head;
  head.room_version = std::string{create->rules().id};
  head.phase = store::room_phase::joined;
  head.chat_room_id = chat_room_id;
  head.type = type;
  head.federated = federated;
  room_.graph.begin(create);
  add(create, adopt_state({}), {});
}

void event_writer::create_again(const matrix::event_ptr& create, const store::put_room& former) {
  room_.exists = true;
  auto& head = room_.head;
  head.room_version = std::string{create->rules().id};
  head.phase = store::room_phase::joined;
  head.chat_room_id = former.chat_room_id;
  head.type = former.type;
  head.federated = former.federated;
  head.refounded_from = former.room_id;
  room_.graph.begin(create);
  add(create, adopt_state({}), {});
}

void event_writer::give_up_create() {
  out_.writes().clear();
  out_.drop_after_commit();
  room_.clear();
}

void event_writer::write_head() {
  auto& head = room_.head;
  const auto& graph = room_.graph;
  if (!room_.exists || (!room_.head_changed && out_.writes().empty()) || !graph.current()) return;
  if (room_.head_changed || graph.last_position() != head.last_position ||
      graph.last_state_group() != head.last_state_group || graph.first_position() != head.first_position) {
    head.forward_extremities = graph.extremities();
    head.state_group = graph.current().group;
    head.last_position = graph.last_position();
    head.first_position = graph.first_position();
    head.last_state_group = graph.last_state_group();
    out_.write(head);
  }
  room_.head_changed = false;
}

} // namespace causeway::room
