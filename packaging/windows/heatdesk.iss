; The installer for Windows, built by bundle.py with Inno Setup 6:
;   ISCC.exe /DAppVersion=0.1.0 packaging\windows\heatdesk.iss
; It installs for one user without administrator rights, or for all with them.
#ifndef AppVersion
  #error Give the version: /DAppVersion=0.1.0
#endif

[Setup]
AppId={{6E1C1B0A-3F0B-4C38-9B57-8A6C5C0D7E42}
AppName=HeatDesk
AppVersion={#AppVersion}
AppPublisher=HeatDesk contributors
VersionInfoVersion={#AppVersion}
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
DefaultDirName={autopf}\HeatDesk
DefaultGroupName=HeatDesk
DisableProgramGroupPage=yes
LicenseFile=..\..\LICENSE
SetupIconFile=..\..\build\bundle\icons\heatdesk.ico
UninstallDisplayIcon={app}\HeatDesk.exe
OutputDir=..\..\dist
OutputBaseFilename=heatdesk-{#AppVersion}-windows-x64-setup
Compression=lzma2/max
SolidCompression=yes
WizardStyle=modern
CloseApplications=yes

[Tasks]
Name: desktopicon; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked

[InstallDelete]
; An update takes the old parts away first: a leftover module would be found before a new one.
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "..\..\dist\HeatDesk\*"; DestDir: "{app}"; Flags: recursesubdirs createallsubdirs ignoreversion

[Icons]
Name: "{autoprograms}\HeatDesk"; Filename: "{app}\HeatDesk.exe"
Name: "{autodesktop}\HeatDesk"; Filename: "{app}\HeatDesk.exe"; Tasks: desktopicon

[Run]
Filename: "{app}\HeatDesk.exe"; Description: "{cm:LaunchProgram,HeatDesk}"; Flags: nowait postinstall skipifsilent
; What a user has set and stored is below %LOCALAPPDATA% and in the Credential Manager, and stays.
