#pragma once
#include "messages/store.hpp"

namespace causeway::store::sql {

class destination_reads;
class invitation_reads;
class key_reads;
class room_reads;
class switch_reads;
class user_reads;

/// What is asked for at the start of a node, from all groups; it has no tables of its own.
class start_reads {
public:
  struct parts {
    room_reads& rooms;
    destination_reads& destinations;
    invitation_reads& invitations;
    key_reads& keys;
    user_reads& users;
    switch_reads& switches;
  };
  explicit start_reads(const parts& with) : with_(with) {}
  answer on(const load_directory& x);
  answer on(const load_known& x);

private:
  parts with_;
};

} // namespace causeway::store::sql
