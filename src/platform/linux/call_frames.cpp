#include "platform/linux/call_frames.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>

// Signal handlers run this: it is compiled without sanitizers (see ThreadwiseLibrary.cmake), locks nothing and
// allocates nothing.

namespace threadwise::platform {
namespace {

// Encodings of pointers (Linux Standard Base, 10.5.1): the ones that gcc, clang and their linkers write.
constexpr unsigned char absolute = 0x00;
constexpr unsigned char udata4 = 0x03;
constexpr unsigned char relative_sdata4 = 0x1B;
constexpr unsigned char table_relative_sdata4 = 0x3B;

/// Reads what DWARF has written.
class Reader {
public:
    explicit Reader(const unsigned char* at) noexcept : at_(at) {}

    const unsigned char* at() const noexcept { return at_; }
    void skip(std::uint64_t bytes) noexcept { at_ += bytes; }

    template <class Value>
    Value get() noexcept {
        Value value{};
        std::memcpy(&value, at_, sizeof(Value));
        at_ += sizeof(Value);
        return value;
    }

    std::uint64_t uleb() noexcept { return leb().first; }

    std::int64_t sleb() noexcept {
        const auto [value, bits] = leb();
        const bool negative = bits < 64 && ((value >> (bits - 1)) & 1U) != 0;
        return static_cast<std::int64_t>(negative ? value | (~std::uint64_t{0} << bits) : value);
    }

    /// A 32-bit distance from where it is written.
    std::uintptr_t relative() noexcept {
        const auto from = reinterpret_cast<std::uintptr_t>(at_);
        return from + static_cast<std::uintptr_t>(std::intptr_t{get<std::int32_t>()});
    }

private:
    std::pair<std::uint64_t, unsigned> leb() noexcept {
        std::uint64_t value = 0;
        unsigned bits = 0;
        for (;;) {
            const unsigned byte = get<unsigned char>();
            if (bits < 64) value |= std::uint64_t{byte & 0x7FU} << bits;
            bits += 7;
            if ((byte & 0x80U) == 0) return {value, bits};
        }
    }

    const unsigned char* at_;
};

/// What a function's description (FDE) and the part it shares with others (CIE) say.
struct Description {
    std::uintptr_t begin = 0;
    std::uint64_t code_unit = 0;
    std::int64_t data_unit = 0;
    bool is_signal_frame = false;
    Reader shared{nullptr};
    const unsigned char* shared_end = nullptr;
    Reader own{nullptr};
    const unsigned char* own_end = nullptr;
};

/// False: it says something that is not understood here.
bool read_shared(Reader reader, Description& description) noexcept {
    const auto length = reader.get<std::uint32_t>();
    description.shared_end = reader.at() + length;
    if (length == UINT32_MAX || reader.get<std::uint32_t>() != 0) return false;
    const auto version = reader.get<unsigned char>();
    const auto* letters = reinterpret_cast<const char*>(reader.at());
    reader.skip(std::strlen(letters) + 1);
    description.code_unit = reader.uleb();
    description.data_unit = reader.sleb();
    const std::uint64_t return_register = version == 1 ? reader.get<unsigned char>() : reader.uleb();
    if (return_register != 16 || *letters != 'z') return false;
    const std::uint64_t size = reader.uleb();
    description.shared = Reader(reader.at() + size);
    bool relative_code = false;
    for (const char* letter = letters + 1; *letter != 0; ++letter) {
        switch (*letter) {
            case 'R': relative_code = reader.get<unsigned char>() == relative_sdata4; break;
            case 'L': reader.skip(1); break;
            case 'P': reader.skip(reader.get<unsigned char>() == absolute ? sizeof(void*) : 4); break;
            case 'S': description.is_signal_frame = true; break;
            default: return false;
        }
    }
    return relative_code;
}

bool read_description(const unsigned char* fde, std::uintptr_t code, Description& description) noexcept {
    Reader reader(fde);
    const auto length = reader.get<std::uint32_t>();
    if (length == UINT32_MAX) return false;
    description.own_end = reader.at() + length;
    const unsigned char* const here = reader.at();
    if (!read_shared(Reader(here - reader.get<std::uint32_t>()), description)) return false;
    description.begin = reader.relative();
    if (code < description.begin || code - description.begin >= reader.get<std::uint32_t>()) return false;
    reader.skip(reader.uleb());
    description.own = reader;
    return true;
}

/// The linker's table of all descriptions, sorted by address.
bool find_description(const unsigned char* header, std::uintptr_t code, Description& description) noexcept {
    if (header == nullptr) return false;
    Reader reader(header);
    const auto encodings = reader.get<std::array<unsigned char, 4>>();
    if (encodings != std::array<unsigned char, 4>{1, relative_sdata4, udata4, table_relative_sdata4}) return false;
    reader.skip(4);
    const auto count = reader.get<std::uint32_t>();
    struct Entry {
        std::int32_t begin;
        std::int32_t fde;
    };
    const std::span table(reinterpret_cast<const Entry*>(reader.at()), count);
    const auto start = reinterpret_cast<std::uintptr_t>(header);
    const auto after = std::upper_bound(table.begin(), table.end(), code, [start](std::uintptr_t wanted, Entry entry) {
        return wanted < start + static_cast<std::uintptr_t>(std::intptr_t{entry.begin});
    });
    return after != table.begin() && read_description(header + std::prev(after)->fde, code, description);
}

}  // namespace

/// How a frame's caller is found: its registers, from the frame's.
struct FrameRules {
    enum class Kind : std::uint8_t { same, saved, undefined, unknown };
    struct Rule {
        Kind kind = Kind::same;
        std::int64_t offset = 0;  ///< of where it is saved, from the frame's address
    };
    struct Row {
        std::uint64_t base = CallFrames::register_count;  ///< the frame's address is this register's value and so much
        std::int64_t base_offset = 0;
        std::array<Rule, CallFrames::register_count> rules{};
    };

    Row row;
    Row initial;
    std::array<Row, 4> remembered{};
    std::size_t remembered_count = 0;

    bool read(const Description& description, std::uintptr_t code) noexcept {
        std::uintptr_t at = description.begin;
        if (!run(description.shared, description.shared_end, description, at, UINTPTR_MAX)) return false;
        initial = row;
        at = description.begin;
        return run(description.own, description.own_end, description, at, code);
    }

private:
    void set(std::uint64_t number, Rule rule) noexcept {
        if (number < row.rules.size()) row.rules[number] = rule;  // others: vectors, not of interest
    }
    void restore(std::uint64_t number) noexcept {
        if (number < row.rules.size()) row.rules[number] = initial.rules[number];
    }

    /// Makes the instructions for the code up to `code`. False: one is not understood.
    bool run(Reader reader, const unsigned char* end, const Description& description, std::uintptr_t& at,
             std::uintptr_t code) noexcept {
        while (reader.at() < end && at <= code) {
            const unsigned byte = reader.get<unsigned char>();
            const unsigned low = byte & 0x3FU;
            switch (byte >> 6U) {
                case 1: at += low * description.code_unit; break;
                case 2: set(low, {Kind::saved, scaled(reader.uleb(), description)}); break;
                case 3: restore(low); break;
                default:
                    if (!run_one(low, reader, description, at)) return false;
            }
        }
        return true;
    }

    static std::int64_t scaled(std::uint64_t offset, const Description& description) noexcept {
        return static_cast<std::int64_t>(offset) * description.data_unit;
    }

    bool run_one(unsigned operation, Reader& reader, const Description& description, std::uintptr_t& at) noexcept {
        std::uint64_t number = 0;
        switch (operation) {
            case 0x00: break;  // DW_CFA_nop
            case 0x02: at += reader.get<std::uint8_t>() * description.code_unit; break;
            case 0x03: at += reader.get<std::uint16_t>() * description.code_unit; break;
            case 0x04: at += reader.get<std::uint32_t>() * description.code_unit; break;
            case 0x05:  // DW_CFA_offset_extended
                number = reader.uleb();
                set(number, {Kind::saved, scaled(reader.uleb(), description)});
                break;
            case 0x06: restore(reader.uleb()); break;
            case 0x07: set(reader.uleb(), {Kind::undefined}); break;
            case 0x08: set(reader.uleb(), {Kind::same}); break;
            case 0x09:  // DW_CFA_register
                set(reader.uleb(), {Kind::unknown});
                reader.uleb();
                break;
            case 0x0A:
                if (remembered_count == remembered.size()) return false;
                remembered[remembered_count++] = row;
                break;
            case 0x0B:
                if (remembered_count == 0) return false;
                row = remembered[--remembered_count];
                break;
            case 0x0C:  // DW_CFA_def_cfa
                row.base = reader.uleb();
                row.base_offset = static_cast<std::int64_t>(reader.uleb());
                break;
            case 0x0D: row.base = reader.uleb(); break;
            case 0x0E: row.base_offset = static_cast<std::int64_t>(reader.uleb()); break;
            case 0x0F:  // DW_CFA_def_cfa_expression
                row.base = CallFrames::register_count;
                reader.skip(reader.uleb());
                break;
            case 0x10:  // DW_CFA_expression
            case 0x16:  // DW_CFA_val_expression
                set(reader.uleb(), {Kind::unknown});
                reader.skip(reader.uleb());
                break;
            case 0x11:  // DW_CFA_offset_extended_sf
                number = reader.uleb();
                set(number, {Kind::saved, reader.sleb() * description.data_unit});
                break;
            case 0x12:  // DW_CFA_def_cfa_sf
                row.base = reader.uleb();
                row.base_offset = reader.sleb() * description.data_unit;
                break;
            case 0x13: row.base_offset = reader.sleb() * description.data_unit; break;
            case 0x2E: reader.uleb(); break;  // DW_CFA_GNU_args_size
            default: return false;
        }
        return true;
    }
};

const unsigned char* frames_of(const dl_phdr_info& object) noexcept {
    for (const auto& segment : std::span(object.dlpi_phdr, object.dlpi_phnum)) {
        if (segment.p_type == PT_GNU_EH_FRAME) {
            return reinterpret_cast<const unsigned char*>(object.dlpi_addr + segment.p_vaddr);
        }
    }
    return nullptr;
}

CallFrames::CallFrames(std::span<const ObjectCode> objects, ucontext_t& interrupted) noexcept : objects_(objects) {
    begin_at(interrupted);
}

void CallFrames::move_to(std::uintptr_t code) noexcept {
    code_ = code;
    object_ = nullptr;
    // A call may be a function's last instruction: then it returns to behind its end.
    const std::uintptr_t within = interrupted_ ? code : code - 1;
    for (const ObjectCode& object : objects_) {
        if (within >= object.begin && within < object.end) object_ = &object;
    }
}

#if defined(__x86_64__)

void CallFrames::begin_at(ucontext_t& interrupted) noexcept {
    auto& general = interrupted.uc_mcontext.gregs;
    // DWARF's order; the frame's own stack pointer is not stored anywhere, but known.
    constexpr std::array<int, return_column> order{REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                                                   REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                                   REG_R12, REG_R13, REG_R14, REG_R15};
    for (std::size_t i = 0; i < order.size(); ++i)
        registers_[i] = reinterpret_cast<std::uintptr_t*>(&general[order[i]]);
    stack_ = static_cast<std::uintptr_t>(general[REG_RSP]);
    return_slot_ = nullptr;
    interrupted_ = true;
    move_to(static_cast<std::uintptr_t>(general[REG_RIP]));
}

CallFrames::Step CallFrames::step() noexcept {
    Description description;
    const std::uintptr_t within = interrupted_ ? code_ : code_ - 1;
    if (object_ == nullptr || !find_description(object_->frames, within, description)) return Step::unknown;
    if (description.is_signal_frame) {
        // The kernel has put there what it interrupted, right above the address to which the handler returns.
        begin_at(*reinterpret_cast<ucontext_t*>(stack_));
        return Step::taken;
    }
    FrameRules rules;
    if (!rules.read(description, within)) return Step::unknown;
    return step_by(rules);
}

CallFrames::Step CallFrames::step_by(const FrameRules& rules) noexcept {
    constexpr std::size_t stack_pointer = 7;
    const FrameRules::Row& row = rules.row;
    const FrameRules::Rule& back = row.rules[return_column];
    if (back.kind == FrameRules::Kind::undefined) return Step::at_the_end;
    if (back.kind != FrameRules::Kind::saved || row.base >= return_column) return Step::unknown;
    const bool on_stack = row.base == stack_pointer;
    if (!on_stack && registers_[row.base] == nullptr) return Step::unknown;
    const std::uintptr_t base = on_stack ? stack_ : *registers_[row.base];
    const std::uintptr_t frame = base + static_cast<std::uintptr_t>(row.base_offset);
    if (frame <= stack_ || frame % sizeof(std::uintptr_t) != 0) return Step::unknown;
    const auto place = [frame](std::int64_t offset) {
        return reinterpret_cast<std::uintptr_t*>(frame + static_cast<std::uintptr_t>(offset));
    };
    for (std::size_t i = 0; i < return_column; ++i) {
        const FrameRules::Rule& rule = row.rules[i];
        if (rule.kind == FrameRules::Kind::saved) registers_[i] = place(rule.offset);
        if (rule.kind == FrameRules::Kind::undefined || rule.kind == FrameRules::Kind::unknown) registers_[i] = nullptr;
    }
    return_slot_ = place(back.offset);
    stack_ = frame;
    interrupted_ = false;
    if (*return_slot_ == 0) return Step::at_the_end;
    move_to(*return_slot_);
    return Step::taken;
}

#else

// Nothing is known of a thread's callers: not tried elsewhere.
void CallFrames::begin_at([[maybe_unused]] ucontext_t& interrupted) noexcept {
#if defined(__aarch64__)
    move_to(interrupted.uc_mcontext.pc);
#endif
}

CallFrames::Step CallFrames::step() noexcept { return Step::unknown; }

#endif

}  // namespace threadwise::platform
