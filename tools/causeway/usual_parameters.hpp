#pragma once
#include "tools/causeway/command_table.hpp"

/// Arguments and options that entries of several files have.
namespace causeway::tools {

inline constexpr parameter room_argument = {"ROOM", "", "Matrix id of the room, or the chat server's id",
                                            [](command_line& x) -> place { return &x.broker.with.room; }};
inline constexpr parameter user_argument = {"USER", "", "@name:server",
                                            [](command_line& x) -> place { return &x.broker.with.user; }};
inline constexpr parameter server_argument = {"NAME", "", "Name of the server",
                                              [](command_line& x) -> place { return &x.broker.with.server; }};
inline constexpr parameter letter_argument = {"ID", "", "As `dead-letters ls` tells it",
                                              [](command_line& x) -> place { return &x.broker.with.letter; }};
inline constexpr parameter archive_option = {"--archive", "FILE", "Read a support archive instead of asking a broker",
                                             [](command_line& x) -> place { return &x.broker.archive; }, &a_file_name};
inline constexpr parameter explain_option = {"--explain", "", "Say what the fields mean",
                                             [](command_line& x) -> place { return &x.broker.how.explain; }};
inline constexpr parameter reason_option = {"--reason", "TEXT", "Why; kept in the audit (required)",
                                            [](command_line& x) -> place { return &x.broker.with.reason; }};
inline constexpr parameter limit_option = {"--limit", "N", "Most rows of a list in it",
                                           [](command_line& x) -> place { return &x.broker.with.limit; }};

inline constexpr bool changes = true;

} // namespace causeway::tools
