"""The apps of the made-up fleet, their versions, and how common they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .story import STORY


@dataclass(frozen=True, slots=True)
class Software:
    """An app, its versions from oldest to newest, and on how many of 256 devices it is."""

    name: str
    bundle_id: str
    developer: str
    team_id: str
    versions: tuple[str, ...]
    share: int = 256
    folder: str = "/Applications"
    source: str = "Identified Developer"
    stragglers: int = 48
    """Of 256 installations, how many are not the newest version."""

    @property
    def path(self) -> str:
        """Where a Mac has it."""
        return f"{self.folder}/{self.name}.app"

    @property
    def signature(self) -> str:
        """What a Mac says who signed it; empty when nobody did."""
        if self.source == "Apple":
            return "Software Signing, Apple Code Signing Certification Authority, Apple Root CA"
        if self.source == "Mac App Store":
            return "Apple Mac OS Application Signing, Apple Worldwide Developer Relations, Apple Root CA"
        if not self.team_id:
            return ""
        signer = f"Developer ID Application: {self.developer} ({self.team_id})"
        return f"{signer}, Developer ID Certification Authority, Apple Root CA"


_SYSTEM_APPS = (
    "App Store,Automator,Books,Calculator,Calendar,Chess,Clock,Contacts,Dictionary,FaceTime,Find My,"
    "FindMy Items,Font Book,"
    "Freeform,Home,Image Capture,Image Playground,Journal,Launchpad,Mail,Maps,Messages,Mission Control,"
    "Music,News,Notes,"
    "Passwords,Phone,Photo Booth,Photos,Podcasts,Preview,QuickTime Player,Reminders,Safari,Shortcuts,"
    "Siri,Stickies,Stocks,"
    "System Settings,TV,TextEdit,Time Machine,Tips,Voice Memos,Weather,iPhone Mirroring"
).split(",")
_UTILITIES = (
    "Activity Monitor,AirPort Utility,Audio MIDI Setup,Bluetooth File Exchange,Boot Camp Assistant,"
    "ColorSync Utility,Console,"
    "Digital Color Meter,Disk Utility,Grapher,Keychain Access,Migration Assistant,Print Center,Screen "
    "Sharing,Screenshot,"
    "Script Editor,System Information,Terminal,VoiceOver Utility"
).split(",")
_SERVICES = (
    "AddressBookUrlForwarder,AirPlayUIAgent,AppleScript Utility,Archive Utility,Captive Network "
    "Assistant,ControlCenter,"
    "Directory Utility,Dock,Expansion Slot Utility,Feedback Assistant,Finder,Folder Actions Setup,Install Command Line "
    "Developer Tools,Installer,Keychain Circle Notification,NotificationCenter,OSDUIHelper,PowerChime,Problem Reporter,"
    "Software Update,Spotlight,Stage Manager,SystemUIServer,Ticket Viewer,UserNotificationCenter,WiFiAgent,"
    "Wireless Diagnostics,loginwindow,rcd,UniversalControl,Setup Assistant,Screen Time,Certificate Assistant"
).split(",")

_AGENTS = (
    "About This Mac,AccessibilityVisualsAgent,AddPrinter,AirDrop,AirPort Base Station Agent,AirScanScanner,"
    "Apple Diagnostics,AppleGraphicsWarning,AskPermissionUI,AutoFillPanelService,AutomationModeUI,"
    "BluetoothUIServer,BluetoothUIService,CalendarFileHandler,Calibration Assistant,CharacterPalette,"
    "ColorSync Calibrator,ControlStrip,CoreLocationAgent,CoreServicesUIAgent,Coverage Details,Database Events,"
    "DictationIM,DiagnosticsReporter,DiscHelper,DiskImageMounter,DVD Player,EmojiFunctionRowIM,"
    "EscrowSecurityAlert,Family,FolderActionsDispatcher,FontRegistryUIAgent,HelpViewer,Image Events,"
    "Installer Progress,iOS App Installer,JapaneseIM-RomajiTyping,Java Web Start Notice,KeyboardAccessAgent,"
    "KeyboardSetupAssistant,KoreanIM,Language Chooser,LocationMenu,ManagedClient,Memory Slot Utility,"
    "NetAuthAgent,NowPlayingTouchUI,OBEXAgent,ODSAgent,Pairing Assistant,Pass Viewer,PIPAgent,PluginIM,"
    "PodcastsAuthAgent,PressAndHold,PreviewShell,RapportUIAgent,ScreenSaverEngine,Script Menu,ScriptMonitor,"
    "Shortcuts Events,SpacesTouchBarAgent,SSMenuAgent,Storage Management,System Events,TextInputMenuAgent,"
    "TextInputSwitcher,ThermalTrap,TrackpadIM,UnmountAssistantAgent,WatchFaceAlert,WindowManager"
).split(",")


def _apple(names: Iterable[str], folder: str) -> tuple[Software, ...]:
    return tuple(
        Software(name, f"com.apple.{name.replace(' ', '')}", "Apple", "", ("1.0",), folder=folder, source="Apple")
        for name in names
    )


APPLE = (
    *_apple(_SYSTEM_APPS, "/System/Applications"),
    *_apple(_UTILITIES, "/System/Applications/Utilities"),
    *_apple((*_SERVICES, *_AGENTS), "/System/Library/CoreServices"),
)
CHROME = Software(
    STORY.browser_name,
    STORY.browser_bundle_id,
    "Google LLC",
    "EQHXZ8M8AV",
    ("147.0.7700.31", "148.0.7759.102", "149.0.7812.41", STORY.browser_fixed_version, "149.0.7812.90"),
    205,
    stragglers=34,
)
LUMEN = Software(STORY.app_name, STORY.app_bundle_id, "", "", (STORY.app_version,), 0, source="Unknown")
_ROWS = """
Zoom|zoom.us|zoom.us|Zoom Video Communications, Inc.|BJ4HAAB9B3|6.2.11 6.4.6 6.5.10 6.6.0|190
Slack|Slack|com.tinyspeck.slackmacgap|Slack Technologies, Inc.|BQR82RBBHL|4.43.51 4.45.69 4.46.104|215
1Password|1Password|com.1password.1password|AgileBits Inc.|2BUA8C4S2C|8.10.80 8.11.14 8.11.18|200
Firefox|Firefox|org.mozilla.firefox|Mozilla Corporation|43AQ936H96|141.0.3 144.0.2 145.0.1|74
Iru|Kandji Agent|io.kandji.KandjiAgent|Kandji, Inc.|P3FGV63VK7|4.8.0 4.9.1 4.9.2|250
Self Service|Kandji Self Service|io.kandji.KandjiSelfService|Kandji, Inc.|P3FGV63VK7|4.8.0 4.9.2|250
Word|Microsoft Word|com.microsoft.Word|Microsoft Corporation|UBF8T346G9|16.98 16.100.3 16.102|150
Excel|Microsoft Excel|com.microsoft.Excel|Microsoft Corporation|UBF8T346G9|16.98 16.100.3 16.102|150
PowerPoint|Microsoft PowerPoint|com.microsoft.Powerpoint|Microsoft Corporation|UBF8T346G9|16.98 16.100.3 16.102|140
Outlook|Microsoft Outlook|com.microsoft.Outlook|Microsoft Corporation|UBF8T346G9|16.98 16.100.3 16.102|120
Teams|Microsoft Teams|com.microsoft.teams2|Microsoft Corporation|UBF8T346G9|25163.3 25275.2|110
Edge|Microsoft Edge|com.microsoft.edgemac|Microsoft Corporation|UBF8T346G9|141.0.3537.57 142.0.3595.53|60
AutoUpdate|Microsoft AutoUpdate|com.microsoft.autoupdate2|Microsoft Corporation|UBF8T346G9|4.78 4.80|150
Code|Visual Studio Code|com.microsoft.VSCode|Microsoft Corporation|UBF8T346G9|1.98.2 1.104.1 1.106.0|96
Docker|Docker|com.docker.docker|Docker Inc|9BNSXJN65R|4.41.2 4.48.0 4.50.0|70
iTerm|iTerm|com.googlecode.iterm2|GEORGE NACHMAN|H7V7XYVQ7D|3.5.14 3.6.5|62
Postman|Postman|com.postmanlabs.mac|Postman Inc|H7H8Q7M5CK|11.54.6 11.70.0|44
Figma|Figma|com.figma.Desktop|Figma, Inc.|T8RA8NE3B7|125.6.5 125.9.10|80
Sketch|Sketch|com.bohemiancoding.sketch3|Bohemian B.V.|WUGMZZ5K46|2025.1 2025.3|24
Notion|Notion|notion.id|Notion Labs, Incorporated|LBQJ96FQ8D|4.14.0 4.21.0|86
Spotify|Spotify|com.spotify.client|Spotify|2FNC3A47ZF|1.2.66 1.2.75|92
VLC|VLC|org.videolan.vlc|VideoLAN|75GAHG3SZQ|3.0.18 3.0.21|58
Dropbox|Dropbox|com.getdropbox.dropbox|Dropbox, Inc.|G7HH3F8CAK|218.4.4348 235.4.5905|46
OneDrive|OneDrive|com.microsoft.OneDrive|Microsoft Corporation|UBF8T346G9|25.149 25.199|110
Drive|Google Drive|com.google.drivefs|Google LLC|EQHXZ8M8AV|109.0 115.0|94
GlobalProtect|GlobalProtect|com.paloaltonetworks.GlobalProtect.client|Palo Alto Networks|PXPZ95SK77|6.2.8 6.3.3|120
Okta|Okta Verify|com.okta.mobile|Okta, Inc.|B7F62B65BN|9.44.0 9.52.0|180
Adobe|Adobe Acrobat Reader|com.adobe.Reader|Adobe Inc.|JQ525L2MZD|24.005.20320 25.001.20756|90
Photoshop|Adobe Photoshop 2026|com.adobe.Photoshop|Adobe Inc.|JQ525L2MZD|27.0.0 27.1.0|30
AnyDesk|AnyDesk|com.philandro.anydesk|philandro Software GmbH|KU6W3B6JMZ|9.0.1 9.5.0|9
TeamViewer|TeamViewer|com.teamviewer.TeamViewer|TeamViewer Germany GmbH|H7UGFBUGV6|15.62.4 15.71.4|12
Rectangle|Rectangle|com.knollsoft.Rectangle|Ryan Hanson|XSYZ3E4B7D|0.85 0.91|66
Raycast|Raycast|com.raycast.macos|Raycast Technologies Inc|SY64MV22J9|1.100.2 1.103.6|52
Alfred|Alfred 5|com.runningwithcrayons.Alfred|Running with Crayons Ltd|XZZXE9SED4|5.6.2 5.7.1|30
Bartender|Bartender 5|com.surteesstudios.Bartender|App Sub 1, LLC|8DD663WDX4|5.3.4 5.4.2|14
Unarchiver|The Unarchiver|com.macpaw.site.theunarchiver|MACPAW INC.|S8EX82NJP6|4.3.8 4.3.9|50
Signal|Signal|org.whispersystems.signal-desktop|Signal Messenger, LLC|U68MSDN6DR|7.60.0 7.78.0|34
WhatsApp|WhatsApp|net.whatsapp.WhatsApp|WhatsApp Inc.|57T9237FN3|25.20.79 25.33.75|64
Telegram|Telegram|ru.keepcoder.Telegram|Telegram FZ-LLC|6N38VWS5BX|11.12 12.1|22
DBeaver|DBeaver|org.jkiss.dbeaver.core.product|DBeaver Corporation|42B6MDKMW8|25.1.0 25.2.4|24
TablePlus|TablePlus|com.tinyapp.TablePlus|TABLEPLUS INC|3X57WP8E8V|6.4.8 6.7.1|28
IntelliJ|IntelliJ IDEA|com.jetbrains.intellij|JetBrains s.r.o.|2ZEFAR8TH3|2025.1.4 2025.2.4|36
PyCharm|PyCharm|com.jetbrains.pycharm|JetBrains s.r.o.|2ZEFAR8TH3|2025.1.3 2025.2.4|30
Wireshark|Wireshark|org.wireshark.Wireshark|Wireshark Foundation|7Z6EMTD2C6|4.2.6 4.4.10|16
Cyberduck|Cyberduck|ch.sudo.cyberduck|David Kocher|G69SCX94XU|9.1.6 9.2.4|18
OBS|OBS|com.obsproject.obs-studio|OBS Project|2MMRE5MTB8|31.0.3 32.0.2|15
Webex|Webex|Cisco-Systems.Spark|Cisco|DE8Y96K9QP|45.8.0 45.10.1|30
Linear|Linear|com.linear|Linear Orbit, Inc.|7VZ2S3V9RV|1.28.9 1.29.1|48
Tailscale|Tailscale|io.tailscale.ipn.macsys|Tailscale Inc.|W5364U7YZB|1.84.1 1.90.4|26
Python|Python Launcher|org.python.PythonLauncher|Python Software Foundation|BMM5U3QVKW|3.12.7 3.13.5|44
Java|OpenJDK|net.temurin.21.jdk|Eclipse Foundation, Inc.|JCDTMS22B4|21.0.4 21.0.9|34
"""


def _read(line: str) -> Software:
    _, name, bundle_id, developer, team_id, versions, share = line.split("|")
    return Software(name, bundle_id, developer, team_id, tuple(versions.split()), int(share))


THIRD_PARTY = (CHROME, *(_read(line) for line in _ROWS.strip().splitlines()))


_ON_WINDOWS = frozenset(
    {
        "Google Chrome",
        "zoom.us",
        "Slack",
        "1Password",
        "Firefox",
        "Microsoft Word",
        "Microsoft Excel",
        "Microsoft Outlook",
        "Microsoft Teams",
        "Visual Studio Code",
        "Docker",
        "Notion",
        "VLC",
        "OneDrive",
        "GlobalProtect",
        "Okta Verify",
    }
)
WINDOWS = tuple(software for software in THIRD_PARTY if software.name in _ON_WINDOWS)


_MOBILE_ROWS = """
Okta Verify|com.okta.mobile|47 51|230
Slack|com.tinyspeck.chatlyio|25.09.30 25.11.10|200
Zoom Workplace|us.zoom.videomeetings|6.4.6 6.6.5|170
1Password|com.1password.1password|8.11.4 8.11.18|190
Outlook|com.microsoft.Office.Outlook|4.2530.0 5.2543.0|160
Teams|com.microsoft.skype.teams|7.15.2 7.19.1|110
Chrome|com.google.chrome.ios|147.0.7700.20 149.0.7812.60|140
Notion|notion.id|1.7.190 1.7.220|70
Signal|org.whispersystems.signal|7.60 7.82|60
WhatsApp|net.whatsapp.WhatsApp|25.20.79 25.33.75|120
Authenticator|com.google.Authenticator|4.2 4.3|80
Expensify|com.expensify.expensifylite|9.1.80 9.2.40|90
Concur|com.concur.concurmobile|10.44 10.48|40
LinkedIn|com.linkedin.LinkedIn|9.31.5 9.31.9|70
Spotify|com.spotify.client|9.0.80 9.0.96|100
Maps|com.google.Maps|25.30.3 25.46.1|110
Salesforce|com.salesforce.chatter|254.010 256.030|60
Trello|com.fogcreek.trello|2025.14 2025.17|30
Webex|com.webex.meeting|45.8 45.10|30
Dropbox|com.getdropbox.Dropbox|440.2 452.2|40
Google Drive|com.google.Drive|4.2532 4.2545|100
Duo Mobile|com.duosecurity.DuoMobile|4.90.0 4.94.0|60
Iru Self Service|io.kandji.mobileselfservice|2.1.0 2.3.0|240
Uber|com.ubercab.UberClient|3.680 3.697|80
"""
MOBILE = tuple(
    Software(name, bundle, "", "", tuple(versions.split()), int(share), source="")
    for name, bundle, versions, share in (line.split("|") for line in _MOBILE_ROWS.strip().splitlines())
)
