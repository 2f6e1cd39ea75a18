#pragma once
#include "actors/context.hpp"
#include "actors/effects.hpp"
#include "actors/known_keys.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Names are free to invent: who is asked about a room that is none must not make an actor, read the store and set
/// timers for it. A door stands before the actors of a kind and says what they would say of a key that means nothing
/// here.
namespace causeway {

class door {
public:
  virtual ~door() = default;
  /// @pre `key` has no actor
  /// @returns what is said instead, perhaps nothing; or nothing at all: the message makes its actor
  virtual std::optional<std::vector<tell>> answer(const std::string& key, const message& m) const = 0;
};

/// Before the rooms: PDUs, EDUs and questions of other servers, and of rooms that name other rooms. What comes from our
/// own side (commands, invitations) makes an actor. So does a PDU that may end an invitation or a knock of one of our
/// users: it concerns a room we are not in.
class room_door final : public door {
public:
  room_door(std::shared_ptr<const identity> node, std::shared_ptr<const known_keys> rooms,
            std::shared_ptr<known_keys> invitations)
      : node_(std::move(node)), rooms_(std::move(rooms)), invitations_(std::move(invitations)) {}
  std::optional<std::vector<tell>> answer(const std::string& room_id, const message& m) const override;

private:
  bool concerns_an_invitation(const std::string& room_id, const pdus_received& m) const;
  std::optional<std::vector<tell>> call(const std::string& room_id, const federation_call& m) const;

  const std::shared_ptr<const identity> node_;
  const std::shared_ptr<const known_keys> rooms_;
  const std::shared_ptr<known_keys> invitations_;
};

/// Before the invitations: a PDU of a room we have left may name anybody of ours.
class invitation_door final : public door {
public:
  explicit invitation_door(std::shared_ptr<const known_keys> invitations) : invitations_(std::move(invitations)) {}
  std::optional<std::vector<tell>> answer(const std::string& key, const message& m) const override;

private:
  const std::shared_ptr<const known_keys> invitations_;
};

} // namespace causeway
