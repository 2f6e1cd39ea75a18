#pragma once
#include "plugin/sqlite.hpp"

/// The engine is written in terms of SQLite: its words are at hand there.
namespace causeway::store::sqlite {
using namespace causeway::sqlite;
} // namespace causeway::store::sqlite
